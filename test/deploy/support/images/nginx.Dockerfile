# Stands in for nginx:1-alpine: Debian's nginx, started as that image starts its own.
FROM debian:trixie-slim
# Their user has this number.
RUN groupadd --system --gid 101 nginx && useradd --system --uid 101 --gid nginx --no-create-home --home-dir /var/cache/nginx \
		--shell /usr/sbin/nologin nginx \
	&& apt-get update \
	&& apt-get install -y --no-install-recommends nginx-light gettext-base \
	&& rm -rf /etc/nginx /var/lib/nginx /var/lib/apt/lists/* \
	&& mkdir -p /etc/nginx/conf.d /var/cache/nginx \
	&& ln -sf /dev/stdout /var/log/nginx/access.log \
	&& ln -sf /dev/stderr /var/log/nginx/error.log
COPY nginx.conf /etc/nginx/
COPY --chmod=755 nginx-entrypoint.sh /docker-entrypoint.sh
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["nginx", "-g", "daemon off;"]
