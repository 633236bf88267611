#!/bin/bash
# As in the image of coturn: options alone are the server's, and each argument passes through a shell once more.
case "$1" in -*) set -- turnserver "$@" ;; esac
arguments=()
for argument in "$@"; do
	arguments+=("$(eval "echo $argument")")
done
exec "${arguments[@]}"
