//! What the source of a file is called.

use std::path::Path;

/// The key of a source: a template in which `{name}`, `{folder}` and `{path}` stand for parts of the path, and
/// `{namespace}`, `{pod}` and `{container}` for those of a container's log.
pub fn source_key(template: &str, path: &Path) -> String {
    let container = Container::of(path);
    let mut key = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        key.push_str(before);
        let Some((word, after)) = after.split_once('}') else {
            rest = &rest[before.len()..];
            break;
        };
        match word {
            "name" => key.push_str(&plain_name(path)),
            "folder" => {
                let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
                key.push_str(&folder.to_string_lossy());
            }
            "path" => key.push_str(&path.to_string_lossy()),
            "namespace" => key.push_str(&container.namespace),
            "pod" => key.push_str(&container.pod),
            "container" => key.push_str(&container.container),
            other => key.push_str(&format!("{{{other}}}")),
        }
        rest = after;
    }
    key.push_str(rest);
    key
}

/// The name of a file without what says how it is written: compression, the number of a rotation, `.log`.
pub fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let without = |name: &'_ str, ending: &str| -> usize {
        name.strip_suffix(ending).filter(|rest| !rest.is_empty()).unwrap_or(name).len()
    };
    let mut name = &*name;
    name = &name[..without(name, ".gz")];
    name = &name[..without(name, ".zst")];
    if let Some((base, number)) = name.rsplit_once('.')
        && base.ends_with(".log")
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        name = base;
    }
    name[..without(name, ".log")].into()
}

/// What the path of a container's log says about it, as attributes; nothing for other paths.
pub fn container_labels(path: &Path) -> Vec<(String, String)> {
    let in_containers = path.iter().any(|part| part == "pods" || part == "containers");
    if !in_containers {
        return Vec::new();
    }
    let Container { namespace, pod, container } = Container::of(path);
    let named = [("namespace", namespace), ("pod", pod), ("container", container)];
    named.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

/// What the path of a container's log says about it; the file's name where it says nothing.
struct Container {
    namespace: String,
    pod: String,
    container: String,
}

impl Container {
    /// Knows `pods/NAMESPACE_POD_UID/CONTAINER/0.log`, `containers/POD_NAMESPACE_CONTAINER-ID.log` and docker's
    /// `containers/ID/ID-json.log`.
    fn of(path: &Path) -> Container {
        let names: Vec<String> =
            path.iter().rev().take(3).map(|part| part.to_string_lossy().into_owned()).collect();
        let name = plain_name(path);
        if let [_, container, pod] = names.as_slice()
            && let [namespace, pod, _] = pod.split('_').collect::<Vec<_>>()[..]
        {
            return Container {
                namespace: namespace.into(),
                pod: pod.into(),
                container: container.clone(),
            };
        }
        if let [pod, namespace, container] = name.split('_').collect::<Vec<_>>()[..]
            && let Some((container, _)) = container.rsplit_once('-')
        {
            return Container {
                namespace: namespace.into(),
                pod: pod.into(),
                container: container.into(),
            };
        }
        let id = name.strip_suffix("-json").unwrap_or(&name);
        let short = id.get(..12).unwrap_or(id);
        Container { namespace: "default".into(), pod: short.into(), container: short.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_logs_of_containers_have_labels() {
        assert!(container_labels(Path::new("/var/log/nginx.log")).is_empty());
        let labels = container_labels(Path::new("/var/log/pods/shop_web-5f_1a2b/nginx/0.log"));
        let shown: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["namespace=shop", "pod=web-5f", "container=nginx"]);
    }

    #[test]
    fn keys_follow_the_template() {
        let pods = "/var/log/pods/shop_web-5f_1a2b/nginx/0.log";
        let containers = "/var/log/containers/web-5f_shop_nginx-0123456789ab.log";
        let docker = "/var/lib/docker/containers/0123456789abcdef/0123456789abcdef-json.log";
        let cases = [
            ("file:{name}", "/var/log/nginx.log", "file:nginx"),
            ("file:{name}", "/var/log/nginx.log.gz", "file:nginx"),
            ("file:{name}", "/var/log/nginx.log.12.gz", "file:nginx"),
            ("file:{name}", "/var/log/app-1.2", "file:app-1.2"),
            ("file:{folder}/{name}", "/srv/shop/app.txt", "file:shop/app.txt"),
            ("file:{path}", "/a/b.log", "file:/a/b.log"),
            ("k8s:{namespace}/{pod}/{container}", pods, "k8s:shop/web-5f/nginx"),
            ("k8s:{namespace}/{pod}/{container}", containers, "k8s:shop/web-5f/nginx"),
            ("docker:{container}", docker, "docker:0123456789ab"),
            ("app:{unknown}-{name", "/x/y.log", "app:{unknown}-{name"),
            ("app:fixed", "/x/y.log", "app:fixed"),
        ];
        for (template, path, key) in cases {
            assert_eq!(source_key(template, Path::new(path)), key, "{template} {path}");
        }
    }
}
