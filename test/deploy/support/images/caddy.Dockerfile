# Stands in for caddy:2-alpine: Debian's Caddy, started as that image starts its own.
FROM debian:trixie-slim
RUN apt-get update \
	&& apt-get install -y --no-install-recommends caddy libcap2-bin ca-certificates \
	&& rm -rf /etc/caddy/* /var/lib/apt/lists/* \
	&& mkdir -p /config/caddy /data/caddy /srv \
	&& setcap cap_net_bind_service=+ep /usr/bin/caddy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
WORKDIR /srv
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
