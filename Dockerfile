# windtunnel as a container: docker run --rm --user "$(id -u)" -v "$PWD:/scenarios" windtunnel run outage.json
FROM debian:12-slim AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends npm ca-certificates
COPY . /source
RUN /source/script/bootstrap \
 && cmake -S /source -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DWINDTUNNEL_TESTS=OFF -DWINDTUNNEL_HTML=AUTO \
 && cmake --build /build \
 && cmake --install /build --prefix /usr/local --strip

FROM debian:12-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libfmt9 libzstd1 zlib1g libsimdjson14 libsqlite3-0 libssl3 libyaml-cpp0.7 libprotobuf-lite32 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/windtunnel /usr/local/bin/windtunnel
COPY --from=build /usr/local/share/windtunnel /usr/local/share/windtunnel
WORKDIR /scenarios
USER nobody
ENTRYPOINT ["windtunnel"]
