//! Bindings of the world `filter`, generated from `wit/`; types are those of the world `detector`.

wit_bindgen::generate!({
    path: "../../../../wit",
    world: "filter",
    pub_export_macro: true,
    with: {
        "bellwether:plugin/types@0.1.0": bellwether_world_detector::bellwether::plugin::types,
        "bellwether:plugin/log@0.1.0": bellwether_world_detector::bellwether::plugin::log,
        "bellwether:plugin/metrics@0.1.0": bellwether_world_detector::bellwether::plugin::metrics,
    },
});
