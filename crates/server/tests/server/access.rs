//! A page in a browser on this machine reaches the control API, and cannot use it.

use fencepost_server::{Addresses, ControlAddress, Server};
use serde_json::Value;

use crate::client::{bounded, config};
use crate::control::{ask, exchange, parsed, refused};

fn server(token: Option<&str>) -> Server {
    let mut server = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    let token = token.map(str::to_owned);
    let address = ControlAddress { token, ..ControlAddress::loopback(0) };
    server.open_control(&address).unwrap();
    server
}

async fn raw(server: &Server, line: &str, headers: &str) -> (u16, Value) {
    let request =
        format!("{line} HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n{headers}\r\n");
    parsed(&bounded(exchange(server, request.as_bytes())).await)
}

/// A name that was made to lead to loopback after its page was loaded (DNS rebinding).
#[tokio::test]
async fn without_a_token_the_host_is_loopbacks_own() {
    let open = server(None);
    for host in [
        "localhost",
        "LocalHost:9100",
        "127.0.0.1",
        "127.1.2.3:80",
        "[::1]:9100",
        "[::ffff:127.0.0.1]",
    ] {
        let (status, body) = raw(&open, "GET /brokers", &format!("host: {host}\r\n")).await;
        assert_eq!(status, 200, "{host}: {body}");
    }
    for headers in [
        "",
        "host: page.example\r\n",
        "host: localhost.page.example:9100\r\n",
        "host: 127.0.0.1.page.example\r\n",
        "host: 192.0.2.1\r\n",
        "host: 0.0.0.0\r\n",
        "host: [::]\r\n",
        "host: localhost, page.example\r\n",
        "host: localhost\r\nhost: page.example\r\n",
    ] {
        refused(raw(&open, "POST /brokers/0/crash", headers).await, 403, "Host");
        refused(raw(&open, "GET /brokers", headers).await, 403, "Host");
    }
    let absolute = "GET http://page.example/brokers";
    refused(raw(&open, absolute, "host: localhost\r\n").await, 403, "Host");
    assert!(open.brokers().unwrap()[0].is_up);

    // A page does not know the token.
    let guarded = server(Some("s3cret"));
    let headers = "host: kafka.example\r\nauthorization: Bearer s3cret\r\n";
    assert_eq!(raw(&guarded, "GET /brokers", headers).await.0, 200);
    refused(raw(&guarded, "GET /brokers", "host: kafka.example\r\n").await, 401, "token");
}

#[tokio::test]
async fn what_a_page_sends_is_refused() {
    let server = server(None);
    for headers in [
        "origin: http://page.example\r\n",
        "origin: null\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
        "sec-fetch-site: same-origin\r\n",
    ] {
        refused(ask(&server, "POST /brokers/0/crash", headers, "").await, 403, "browser");
        refused(ask(&server, "GET /brokers", headers, "").await, 403, "browser");
    }
    // Somebody looks, from the address line.
    assert_eq!(ask(&server, "GET /brokers", "sec-fetch-site: none\r\n", "").await.0, 200);
    assert!(server.brokers().unwrap()[0].is_up);
}

/// A browser sends these to other sites without asking them first (CORS), old ones without an Origin.
#[tokio::test]
async fn a_command_is_no_form() {
    let server = server(None);
    for form in [
        "application/x-www-form-urlencoded",
        "Text/Plain; charset=utf-8",
        "multipart/form-data; boundary=x",
        "text/plain ;a=application/json",
    ] {
        let headers = format!("content-type: {form}\r\n");
        for (line, body) in [
            ("POST /brokers/0/crash", ""),
            ("POST /clock/next", "{}"),
            ("POST /faults", "{\"fault\": []}"),
            ("PUT /stepped", "{\"stepped\": true}"),
            ("PUT /snapshots/a", ""),
            ("DELETE /faults/a", ""),
        ] {
            refused(ask(&server, line, &headers, body).await, 415, "forms");
        }
    }
    assert!(server.brokers().unwrap()[0].is_up);
    let json = "content-type: application/json\r\n";
    assert_eq!(ask(&server, "POST /brokers/0/crash", json, "").await.0, 200);
}
