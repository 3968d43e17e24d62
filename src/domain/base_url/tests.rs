use super::*;

fn kept(text: &str) -> (String, Option<String>) {
    let (base, notice) = BaseUrl::parse(text).unwrap();
    (base.as_str().to_owned(), notice)
}

#[test]
fn a_base_url_is_taken_as_it_is() {
    for text in ["https://instance.passportalmsp.com", "https://keys.example:8443", "http://127.0.0.1:8080"] {
        assert_eq!(kept(text), (text.to_owned(), None));
        assert_eq!(kept(&format!(" {text}/\n")), (text.to_owned(), None));
    }
    assert_eq!(kept("HTTPS://Keys.Example:443").0, "https://keys.example");
    assert_eq!(kept("http://[::1]:80").0, "http://[::1]");
}

#[test]
fn of_a_pasted_address_the_base_is_kept_and_named() {
    let pasted = "https://instance.passportalmsp.com//dashboard#/default";
    let notice = "Only https://instance.passportalmsp.com of the pasted address is used.";
    assert_eq!(kept(pasted), ("https://instance.passportalmsp.com".into(), Some(notice.into())));
    assert!(kept("https://instance.passportalmsp.com/settings/keys?tab=2").1.is_some());
    let (base, notice) = kept("https://keys.example/dashboard?token=hunter2");
    assert_eq!(base, "https://keys.example");
    assert!(!notice.unwrap().contains("hunter2"));
    assert_eq!(kept("https://keys.example/#/default").0, "https://keys.example");
}

#[test]
fn another_path_is_refused() {
    for text in
        ["https://h/keys", "https://h/keys/", "h/api/v2", "https://h/dashboards", "http://localhost:1//login?x=hunter2"]
    {
        let error = BaseUrl::parse(text).unwrap_err();
        assert_eq!(error, BaseUrlError::Path, "{text}");
        assert!(error.to_string().contains("has no path") && !error.to_string().contains("hunter2"));
    }
}

#[test]
fn without_a_scheme_it_is_https_and_says_so() {
    let notice = "No http:// or https:// given; using https://keys.example:8443.";
    assert_eq!(kept("keys.example:8443"), ("https://keys.example:8443".into(), Some(notice.into())));
    assert_eq!(kept("localhost:8080").0, "https://localhost:8080");
    assert!(kept("keys.example/dashboard").1.unwrap().contains("Only https://keys.example of"));
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for text in ["http://localhost", "http://127.0.0.1", "http://127.9.8.7:1", "http://[::1]:8080", "http://127.1"] {
        assert!(BaseUrl::parse(text).unwrap().0.is_loopback(), "{text}");
    }
    for text in
        ["http://keys.example", "http://192.0.2.1", "http://localhost.example", "http://[::2]", "http://128.0.0.1"]
    {
        assert!(matches!(BaseUrl::parse(text), Err(BaseUrlError::PlainHttp(_))), "{text}");
    }
}

#[test]
fn a_credential_is_refused_and_not_repeated() {
    for text in [
        "https://jo:hunter2@keys.example",
        "jo:hunter2@keys.example",
        "https://hunter2@keys.example",
        "https://:hunter2@h",
    ] {
        let error = BaseUrl::parse(text).unwrap_err();
        assert_eq!(error, BaseUrlError::Userinfo);
        assert!(!error.to_string().contains("hunter2"));
    }
    assert_eq!(BaseUrl::parse("sk_hunter2"), Err(BaseUrlError::IsSecret));
    let error = BaseUrl::parse("https://jo:hunter2@keys.example:99999").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn what_is_no_url_is_told_apart() {
    assert_eq!(BaseUrl::parse("  "), Err(BaseUrlError::Empty));
    assert_eq!(BaseUrl::parse("ftp://keys.example"), Err(BaseUrlError::Scheme));
    for text in [
        "https://",
        "https://keys.ex ample",
        "https://keys.example:port",
        "https://a\\@b",
        "https://a\tb",
        "https://[::1",
    ] {
        assert!(matches!(BaseUrl::parse(text), Err(BaseUrlError::NotAUrl(_))), "{text}");
    }
}

#[test]
fn foreign_letters_are_shown_as_punycode() {
    let (base, _) = BaseUrl::parse("https://pаssportalmsp.com:8443").unwrap(); // a Cyrillic а
    assert_eq!(base.host_for_screen(), "xn--pssportalmsp-x9j.com:8443");
    assert!(!base.is_passportal());
}

#[test]
fn a_passportal_host_without_the_api_is_told() {
    let hint = |text| BaseUrl::parse(text).unwrap().0.region_hint();
    assert!(hint("https://instance.passportalmsp.com").unwrap().contains("us-clover.passportalmsp.com"));
    assert!(hint("https://passportalmsp.com").is_some());
    for host in PASSPORTAL_HOSTS {
        assert_eq!(hint(host), None);
    }
    assert_eq!(hint("https://keys.example"), None);
    assert_eq!(hint("https://passportalmsp.com.evil.example"), None);
    assert_eq!(hint("https://notpassportalmsp.com"), None);
}
