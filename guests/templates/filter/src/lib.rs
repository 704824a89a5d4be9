//! Filter `template-filter`: lets a message pass so often in a window, and drops the rest.

mod template_filter;

bellwether_sdk::export_filter!(template_filter::TemplateFilter);
