#!/bin/sh
# What the image of nginx does at its start, of which deploy/compose.nginx.yml makes use: templates become configuration,
# with the variables that the container has and no others.
set -e
templates=/etc/nginx/templates folder=/etc/nginx/conf.d
if [ -d $templates ] && [ "$1" = nginx ]; then
	# As there: it goes on, without a site.
	[ -w $folder ] || echo "$0: $folder is not writable"
	# shellcheck disable=SC2016 # Names for envsubst.
	names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
	for template in "$templates"/*.template; do
		site=$folder/$(basename "$template" .template)
		[ ! -w $folder ] || envsubst "$names" <"$template" >"$site"
	done
fi
exec "$@"
