# Stands in for coturn/coturn:4.6-alpine: Debian's coturn, started as that image starts its own.
FROM debian:trixie-slim
# Their database is at /var/lib/coturn: Debian's program looks for it at /var/lib/turn.
RUN apt-get update \
	&& apt-get install -y --no-install-recommends coturn libcap2-bin \
	&& rm -rf /etc/turnserver.conf /var/lib/apt/lists/* \
	&& mkdir -p /etc/coturn \
	&& mv /var/lib/turn /var/lib/coturn \
	&& ln -s coturn /var/lib/turn \
	&& chown -R nobody:nogroup /var/lib/coturn \
	&& setcap cap_net_bind_service=+ep /usr/bin/turnserver
COPY --chmod=755 coturn-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
USER nobody:nogroup
VOLUME ["/var/lib/coturn"]
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["--log-file=stdout"]
