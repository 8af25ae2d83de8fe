//! Which route of the gateway takes a path, by its documented order.

use std::collections::BTreeMap;

/// The route's key and what stands behind it: whole matches before greedy ones, the closer one first, then `$default`.
/// A path comes without its stage.
pub fn chosen<'a>(routes: &'a BTreeMap<String, String>, path: &str) -> Option<(&'a str, &'a str)> {
    let given: Vec<&str> = path.split('/').collect();
    let fits = |key: &str| {
        let (greedy, key) = key.strip_suffix("/{proxy+}").map_or((false, key), |key| (true, key));
        let wanted: Vec<&str> = key.split('/').collect();
        let long = if greedy { given.len() > wanted.len() } else { given.len() == wanted.len() };
        let same =
            wanted.iter().zip(&given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given);
        let literal = wanted.iter().filter(|part| !part.starts_with('{')).count();
        (long && same).then_some((!greedy, literal))
    };
    let ranked =
        routes.iter().filter_map(|(key, group)| Some((fits(key.strip_prefix("ANY ")?)?, key, group)));
    let best = ranked.max_by_key(|(rank, ..)| *rank).map(|(_, key, group)| (key.as_str(), group.as_str()));
    best.or_else(|| routes.get_key_value("$default").map(|(key, group)| (key.as_str(), group.as_str())))
}
