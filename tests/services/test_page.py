"""The page in a real browser: what a person sees and does, on a desk and on a phone, and what a log cannot do to it."""

import json
import urllib.request

import pytest
from conftest import TOKEN, artefact, program
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ORDERS = "4f2a9c0d11e85b73"

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


class Browser:
    """A browser that remembers what its console said."""

    def __init__(self, tmp_path, width, height, *flags):
        options = webdriver.ChromeOptions()
        options.binary_location = program("chromium", "chromium-browser", "google-chrome")
        folder = f"--user-data-dir={tmp_path / 'profile'}"
        for flag in [*FLAGS, folder, f"--window-size={width},{height}", *flags]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(program("chromedriver")))
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def open(self, url):
        self.driver.get(url)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, what, check):
        """Waits until a check gives something, and gives it."""
        return WebDriverWait(self.driver, 30, ignored_exceptions=[Exception]).until(lambda _: check(), what)

    def find(self, selector, text=""):
        """The first element that is shown and has this text."""
        def seek():
            found = self.driver.find_elements(By.CSS_SELECTOR, selector)
            return next((one for one in found if one.is_displayed() and text in one.text), None)
        return self.wait(f"{selector} with {text!r}", seek)

    def click(self, selector, text):
        self.find(selector, text).click()

    def picture(self, name):
        self.driver.save_screenshot(str(artefact(name)))

    def check_quiet(self):
        """The console said nothing, and nothing reaches beyond the right edge."""
        said = [line for line in self.driver.get_log("browser") if "favicon" not in line["message"]]
        assert said == []
        room = self.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert room[0] <= room[1], f"the page is {room[0]} wide where there is room for {room[1]}"


@pytest.fixture
def browse(tmp_path):
    """Opens browsers, and closes them."""
    browsers = []

    def start(width, height, *flags):
        browsers.append(Browser(tmp_path / str(len(browsers)), width, height, *flags))
        return browsers[-1]

    yield start
    for one in browsers:
        one.driver.quit()


def answer_name(browser, name):
    browser.find("#question-answer").send_keys(name)
    browser.click("#question button", "OK")


def test_a_person_finds_reads_and_acknowledges(browse, server):
    server.ask("/api/v1/alerts/retry", {})
    browser = browse(1100, 900)
    browser.open(server.url)
    browser.find(".cards .unseen a", "upstream payments timed out")
    browser.picture("list.png")
    assert browser.driver.title == "(6) bellwether"
    browser.click(".cards a", "upstream payments timed out")
    browser.find("h2", "upstream payments timed out")
    browser.find("figure svg path.lines")
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, "svg text")) > 6
    assert browser.find("code .variable").text == "<*>"
    browser.find("td", "96/min")
    browser.find("td", "lines a minute are expected")
    browser.picture("anomaly.png")
    browser.click("button", "I look after it")
    answer_name(browser, "Ada")
    browser.find(".said li", "Ada looks after it")
    view = json.loads(server.ask(f"/api/v1/anomalies/{ORDERS}"))
    assert view["summary"]["acknowledged"]["by"] == "Ada"
    browser.click("button", "I look after it")
    browser.find("#trouble", "Ada looks after it already")
    browser.driver.find_element(By.CSS_SELECTOR, "textarea").send_keys("The upstream was restarted.")
    browser.click("button", "Add note")
    browser.find(".said li", "The upstream was restarted.")
    browser.click("button", "Silence 8 h")
    browser.find(".said li", "Ada silenced it until")
    browser.click(".said button", "End")
    browser.wait("no silence", lambda: "silenced it" not in browser.find(".said").text)
    browser.click("button", "This is normal")
    browser.find(".said li", "Ada said that it is normal")
    browser.click(".said button", "Take back")
    browser.wait("nothing normal", lambda: json.loads(server.ask("/api/v1/normals"))["items"] == [])
    browser.driver.back()
    browser.find(".cards li:not(.unseen) .facts", "normal, says Ada")
    conflicts = [line for line in browser.driver.get_log("browser") if "409" not in line["message"]]
    assert conflicts == []


def test_the_list_follows_without_losing_the_place(browse, server):
    browser = browse(1100, 420)
    browser.open(server.url)
    last = browser.find(".cards li:last-child a")
    browser.run("arguments[0].focus(); arguments[0].scrollIntoView(); arguments[0].mine = true", last)
    place = browser.run("return [scrollY, arguments[0].getBoundingClientRect().top]", last)
    assert place[0] > 0
    server.ask(f"/api/v1/anomalies/{ORDERS}/acknowledge", {"by": "Bob"})
    changed = "return [...document.querySelectorAll('.facts')].some((one) => one.textContent.includes('Bob'))"
    browser.wait("Bob in the list", lambda: browser.run(changed))
    assert browser.run("return document.activeElement.mine") is True
    top = browser.run("return document.activeElement.getBoundingClientRect().top")
    assert abs(top - place[1]) < 2
    browser.check_quiet()


def test_health_that_is_not_well_is_told(browse, server):
    browser = browse(1100, 900)
    browser.open(server.url)
    browser.find("#health.degraded", "alerts of tenant `default` to `chat` were given up: 1")
    browser.check_quiet()


def test_filters_are_kept_in_the_address(browse, server):
    browser = browse(1100, 900)
    browser.open(server.url)
    browser.find(".cards a", "card declined")
    browser.run("document.querySelector('select[name=severity]').focus()")
    browser.find("select[name=severity] option[value=critical]").click()
    browser.wait("two rows", lambda: len(browser.driver.find_elements(By.CSS_SELECTOR, ".cards > li")) == 2)
    assert browser.driver.current_url.endswith("#/?severity=critical")
    browser.find("input[name=text]").send_keys("nothing like this")
    browser.find(".empty", "No anomaly fits the filters.")
    browser.open(f"{server.url}/#/?text=card%20declined")
    browser.driver.refresh()
    browser.wait("one row", lambda: len(browser.driver.find_elements(By.CSS_SELECTOR, ".cards > li")) == 1)
    assert browser.find("input[name=text]").get_attribute("value") == "card declined"
    browser.check_quiet()


def test_texts_of_logs_stay_texts(browse, server):
    browser = browse(1100, 900)
    for place in ["#/", "#/anomaly/" + urllib.request.quote("<b>&\"'#?/%", safe=""), "#/sources"]:
        browser.open(f"{server.url}/{place}")
        browser.driver.refresh()
        browser.find(".log", "<img src=x onerror=")
        shown = browser.find("main").text
        if place != "#/sources":
            assert "<script>hacked=1</script>" in shown
            assert "'\"&amp;" in shown
            assert "\\u202edrowssap" in shown and "\u202e" not in shown
        assert browser.run("return typeof hacked") == "undefined"
        assert browser.run("return document.querySelectorAll('main img, main script').length") == 0
        browser.check_quiet()
    message = "try { document.body.innerHTML = '<b>x</b>'; return 'let through'; } catch { return 'refused'; }"
    assert browser.run(message) == "refused"


@pytest.mark.parametrize("width", [360, 412, 768])
def test_narrow_screens_need_no_scrolling_sideways(browse, server, width):
    browser = browse(width, 760)
    for place, selector in [("#/", ".cards a"), (f"#/anomaly/{ORDERS}", "figure svg"), ("#/sources", "progress")]:
        browser.open(f"{server.url}/{place}")
        browser.driver.refresh()
        browser.find(selector)
        browser.picture(f"{width}-{selector.split()[0].strip('.')}.png")
        browser.check_quiet()


def test_it_can_be_read_at_night(browse, server):
    browser = browse(1100, 900)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    browser.open(f"{server.url}/#/anomaly/{ORDERS}")
    browser.find("figure svg")
    ground = browser.run("return getComputedStyle(document.documentElement).backgroundColor")
    assert ground == "rgb(20, 24, 27)"
    browser.picture("night.png")
    browser.check_quiet()


def test_sources_say_what_is_missing(browse, server):
    browser = browse(1100, 900)
    browser.open(f"{server.url}/#/sources")
    browser.find("label", "38 more minutes of lines until its counts are judged")
    browser.find(".verdict", "is unsuitable: most templates were seen once")
    browser.picture("sources.png")
    browser.check_quiet()


def test_a_quiet_page_says_what_is_going_on(browse, quiet_server):
    browser = browse(1100, 900)
    browser.open(quiet_server.url)
    browser.find(".empty", "Reading 5 files; 38 more minutes of lines until counts are judged.")
    browser.open(f"{quiet_server.url}/#/anomaly/none")
    browser.find("#trouble", "no anomaly `none`; the list of anomalies has their ids")


def test_the_token_is_asked_for_once(browse, closed_server):
    browser = browse(1100, 900)
    browser.open(closed_server.url)
    browser.find("#question-label", "The token of bellwether")
    answer_name(browser, "a wrong one")
    browser.find("#question-label", "That is not the token")
    answer_name(browser, TOKEN)
    browser.find(".cards a", "upstream payments timed out")
    browser.driver.refresh()
    browser.find(".cards a", "upstream payments timed out")
    assert not browser.driver.find_element(By.ID, "question").is_displayed()


def test_a_server_that_is_gone_is_told(browse, server):
    browser = browse(1100, 900)
    browser.open(server.url)
    browser.find(".cards a")
    browser.run("window.fetch = () => Promise.reject(new TypeError('gone'))")
    browser.find("#trouble", "bellwether does not answer")
    assert browser.find(".cards a").is_displayed()


def test_what_a_person_says_outlives_the_daemon(browse, daemon):
    browser = browse(1100, 900)
    browser.open(daemon.url)
    title = browser.find(".cards .unseen a", "rose from")
    browser.picture("daemon-list.png")
    title.click()
    browser.find("h2", "rose from")
    browser.find("figure svg path.lines")
    browser.picture("daemon-anomaly.png")
    browser.click("button", "I look after it")
    answer_name(browser, "Ada")
    browser.find(".said li", "Ada looks after it")
    daemon.end()
    browser.find("#trouble", "bellwether does not answer")
    daemon.start()
    browser.driver.refresh()
    browser.find(".said li", "Ada looks after it")
    refused = "net::ERR_CONNECTION_REFUSED"
    assert all(refused in line["message"] for line in browser.driver.get_log("browser"))
    browser.click("a", "all anomalies")
    browser.find(".cards li:not(.unseen) .facts", "Ada")
    [seen] = [one for one in daemon.anomalies() if one["acknowledged"]]
    assert seen["acknowledged"]["by"] == "Ada"
