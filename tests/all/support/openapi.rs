//! `assets/openapi.yaml`, held against what the server does.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

/// The document.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_saphyr::from_str(include_str!("../../../assets/openapi.yaml")).unwrap());

thread_local! {
    /// Method, path as documented, and status of each answer that this thread's test has checked.
    pub static SEEN: RefCell<BTreeSet<(String, String, u16)>> = RefCell::default();
}

/// Every documented operation: method in upper case, whole path, and its description.
pub fn operations() -> Vec<(String, String, &'static Value)> {
    let base = DOCUMENT["servers"][0]["url"].as_str().unwrap();
    let mut found = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters") {
            found.push((method.to_uppercase(), format!("{base}{path}"), operation));
        }
    }
    found
}

/// Panics unless the document allows this answer. Calls to paths without a route are not documented.
pub fn check(method: &str, path: &str, status: u16, body: &Value) {
    let path = path.split('?').next().unwrap();
    // Proxies ask here in many ways, all of which are one operation.
    let verify = "/api/v2/auth/verify";
    let (method, path) = if path.starts_with(verify) { ("GET", verify) } else { (method, path) };
    let same = |template: &str| {
        template.split('/').count() == path.split('/').count()
            && template.split('/').zip(path.split('/')).all(|(t, p)| t == p || t.starts_with('{'))
    };
    let Some((_, template, operation)) = operations().into_iter().find(|(m, t, _)| m == method && same(t)) else {
        assert!([404, 405].contains(&status), "{method} {path} is not documented and gives {status}");
        return valid(&DOCUMENT["components"]["schemas"]["Error"], body, "error");
    };
    let response = follow(&operation["responses"][status.to_string()]);
    assert!(response.is_object(), "{method} {template} does not document {status}: {body}");
    SEEN.with_borrow_mut(|seen| seen.insert((method.to_owned(), template, status)));
    match response.pointer("/content/application~1json/schema") {
        Some(schema) => valid(schema, body, &format!("{method} {path} {status}")),
        None => assert!(body.is_null(), "{method} {path} {status} documents no body"),
    }
}

/// Panics unless the document allows this message of the webhook.
pub fn check_message(body: &Value) {
    let schema = DOCUMENT.pointer("/webhooks/message/post/requestBody/content/application~1json/schema");
    valid(schema.unwrap(), body, "webhook");
}

/// As much of JSON Schema as the document uses.
fn valid(schema: &'static Value, value: &Value, place: &str) {
    let schema = follow(schema);
    if let Some(types) = schema.get("type") {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let allowed = types.as_str() == Some(kind) || types.as_array().is_some_and(|all| all.iter().any(|t| t == kind));
        assert!(allowed, "{place}: {value} is not of type {types}");
    }
    if let Some(constant) = schema.get("const") {
        assert_eq!(constant, value, "{place}");
    }
    if let Some(words) = schema.get("enum") {
        assert!(words.as_array().unwrap().contains(value), "{place}: {value} is none of {words}");
    }
    if schema.get("format").is_some_and(|format| format == "date-time") && value.is_string() {
        assert!(chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).is_ok(), "{place}: {value}");
    }
    for item in value.as_array().into_iter().flatten() {
        valid(&schema["items"], item, place);
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(fields.contains_key(name.as_str().unwrap()), "{place}: {name} is missing");
        }
        for (name, field) in fields {
            let documented = schema["properties"].get(name);
            assert!(documented.is_some(), "{place}: {name} is not documented");
            valid(documented.unwrap(), field, &format!("{place}.{name}"));
        }
    }
}

/// What `value` refers to, or `value` itself.
pub fn follow(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(pointer) => DOCUMENT.pointer(pointer.trim_start_matches('#')).unwrap(),
        None => value,
    }
}
