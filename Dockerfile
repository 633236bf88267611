# Vigía as an image: the page is built here, the server runs from its sources as they are.
#
#   docker build --tag vigia .
#   docker run --publish 8000:8000 --publish 8555:8555/udp --volume "$PWD:/data" vigia
#
# /data is where it looks for .env and vigia.yaml. Nothing else is ever written: the rest may be read-only.
# Built without secrets: none is an argument, none gets into a layer (.dockerignore).

# Debian's version is part of the name: FFmpeg below is that of the same release.
ARG NODE_IMAGE=node:24-bookworm-slim

# --- The page. It is the same for every processor, so the machine that builds makes it for itself.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS page
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/api/package.json packages/api/
COPY packages/cmaf/package.json packages/cmaf/
COPY packages/rtp/package.json packages/rtp/
COPY packages/rtsp/package.json packages/rtsp/
COPY server/package.json server/
COPY web/package.json web/
COPY camera-sim/package.json camera-sim/
# vite is a dependency of the root, so this leaves out all of the development tools.
RUN npm ci --omit=dev --workspace @vigia/web --include-workspace-root --ignore-scripts
COPY packages packages
COPY web web
RUN npm run build && chmod -R a+rX,go-w web/dist

# --- What the server needs of npm, and no more: neither vite nor the Node that npm brings on other machines.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS server
ARG TARGETARCH
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/api/package.json packages/api/
COPY packages/cmaf/package.json packages/cmaf/
COPY packages/rtp/package.json packages/rtp/
COPY packages/rtsp/package.json packages/rtsp/
COPY server/package.json server/
COPY web/package.json web/
COPY camera-sim/package.json camera-sim/
# Docker's names of processors are not Node's. Nothing is compiled: what is native comes built, for the image's processor.
RUN case "${TARGETARCH:-$(dpkg --print-architecture)}" in amd64) cpu=x64 ;; arm64) cpu=arm64 ;; *) exit 1 ;; esac \
	&& npm ci --omit=dev --workspace @vigia/server --ignore-scripts --os=linux --cpu="$cpu" --libc=glibc \
	# Declarations and source maps are for editors.
	&& find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete \
	# The folder goes into the image as it is: a registry's token in .npmrc must not.
	&& rm .npmrc package-lock.json \
	&& mkdir /data
COPY packages packages
COPY camera-sim camera-sim
COPY server server
COPY bin bin
COPY deploy/healthcheck.ts deploy/
# Whatever the umask of the checkout was.
RUN chmod -R a+rX,go-w /app

# --- FFmpeg. Debian's package needs 230 others and 500 MB, for what Vigía does with it a few are enough: pictures and
# sound of cameras in, H.264, JPEG, Opus and AAC out, through pipes. Debian's source, with its security fixes.
FROM ${NODE_IMAGE} AS ffmpeg
WORKDIR /build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources \
	&& apt-get update \
	&& apt-get install -y --no-install-recommends dpkg-dev gcc libc6-dev libopus-dev libx264-dev make nasm pkg-config xz-utils \
	&& apt-get source --only-source ffmpeg \
	&& mv ffmpeg-*/ ffmpeg \
	# Without these names the linker takes the static libraries, so that the program needs nothing but libc.
	&& rm /usr/lib/*/libopus.so /usr/lib/*/libx264.so
WORKDIR /build/ffmpeg
RUN ./configure \
		--prefix=/usr --toolchain=hardened --enable-pic --pkg-config-flags=--static \
		--disable-everything --disable-autodetect --disable-network --disable-doc --disable-debug \
		--disable-ffplay --disable-ffprobe \
		--enable-gpl --enable-libx264 --enable-libopus --enable-v4l2-m2m \
		--enable-protocol=pipe \
		--enable-demuxer=matroska \
		--enable-parser=aac,h264,hevc,mjpeg,mpeg4video,opus \
		--enable-decoder=h264,hevc,mjpeg,mpeg4 \
		--enable-decoder=aac,adpcm_g726,adpcm_g726le,opus,pcm_alaw,pcm_mulaw,pcm_s16be,pcm_s16le \
		--enable-encoder=h264_v4l2m2m,libx264,mjpeg \
		--enable-encoder=aac,libopus \
		--enable-muxer=flv,h264,mjpeg,ogg \
		--enable-bsf=aac_adtstoasc,extract_extradata,h264_mp4toannexb,null \
		--enable-indev=lavfi --enable-decoder=rawvideo,wrapped_avframe \
		--enable-filter=color,format,scale,select,trim,null,hflip,vflip,rotate,transpose \
		--enable-filter=aformat,anull,aresample,atrim \
	&& make -j "$(nproc)" ffmpeg \
	&& ! ldd ffmpeg | grep -v 'linux-vdso\|ld-linux\|libc\.so\|libm\.so' \
	&& install -D -s ffmpeg /out/usr/bin/ffmpeg \
	# Their licences go where the program goes.
	&& install -D -m 644 debian/copyright /out/usr/share/doc/ffmpeg/copyright \
	&& install -D -m 644 /usr/share/doc/libx264-dev/copyright /out/usr/share/doc/libx264/copyright \
	&& install -D -m 644 /usr/share/doc/libopus-dev/copyright /out/usr/share/doc/libopus/copyright

# --- The image: files are only copied into it.
FROM ${NODE_IMAGE}
# That of package.json; deploy.sh gives both.
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Vigía" \
	org.opencontainers.image.description="Many RTSP cameras as one live wall in a browser, proven live" \
	org.opencontainers.image.version="${VERSION}" \
	org.opencontainers.image.revision="${REVISION}" \
	org.opencontainers.image.licenses="MIT AND GPL-2.0-or-later"
# The second one: what is told to people names Docker's own remedies.
ENV NODE_ENV=production VIGIA_CONTAINER=1
COPY --from=ffmpeg /out/ /
COPY --from=server --chown=node:node /data /data
COPY --from=server /app /app
COPY --from=page /app/web/dist /app/web/dist
# Settings are looked for here.
WORKDIR /data
# By its number, so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 8000/tcp 8555/udp
# Node hears it as process 1 and says TEARDOWN to the cameras, which takes half a second.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["node", "/app/deploy/healthcheck.ts"]
# `docker run vigia --port 8080` and `docker run vigia probe rtsp://...` work like the command vigia.
ENTRYPOINT ["node", "/app/server/src/cli.ts"]
