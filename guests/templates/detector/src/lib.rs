//! Detector `template-detector`: lines that are much longer or shorter than their message usually is.

mod template_detector;

bellwether_sdk::export_detector!(template_detector::TemplateDetector);
