//! A server of Debian, with its libraries and some of its modules.

use std::collections::BTreeSet;

use anyhow::Result;
use assay_core::observation::UseLevel;

use super::Workload;
use super::image::Image;

pub(super) const NGINX: Workload = Workload {
    runtime: "nginx and curl",
    needs: &[("/usr/sbin/nginx", "nginx-core"), ("/usr/bin/curl", "curl")],
    lay,
    owners: |_, _| Ok(BTreeSet::new()),
    executed: UseLevel::Executed,
    blurred: &[],
};

/// One process, because the container may not change its user; two modules of the many that are installed.
const CONFIGURATION: &str = "
user root; daemon off; master_process off; pid /tmp/nginx.pid; error_log /tmp/error.log;
include /etc/nginx/modules-enabled/*-mod-stream.conf;
include /etc/nginx/modules-enabled/*-mod-http-image-filter.conf;
events {}
http {
    access_log off;
    client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
    include /etc/nginx/mime.types;
    server { listen 127.0.0.1:8080; root /srv/www; }
}
";

fn lay(image: &Image) -> Result<String> {
    image.file("srv/nginx.conf", CONFIGURATION)?;
    image.file("srv/www/page.html", "a page\n")?;
    let script = "set -e; /usr/sbin/nginx -c /srv/nginx.conf & /bin/sleep 2; \
                  /usr/bin/curl -sSf http://127.0.0.1:8080/page.html >/dev/null; kill $!";
    Ok(script.to_owned())
}
