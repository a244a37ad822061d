# A relay with its data in /data. Build it with `docker build -t maia-relay .`; docs/operations.md describes how to run it.
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# Adds PGlite, in the version that the package has an empty database of, and cojson's native crypto, in the version that
# matches the bundled cojson.
RUN npm run build && npm pack \
  && npm install --prefix /app --no-audit --no-fund ./MaiaOS-kernel-*.tgz \
    "@electric-sql/pglite@$(node -p "require('./package.json').devDependencies['@electric-sql/pglite']")" \
    "cojson-core-napi@$(node -p "require('./node_modules/cojson/package.json').version")"

FROM node:24-slim
# Open to all clients, as a relay without authentication is. CORS_ORIGINS limits the pages.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4203 METRICS_PORT=9464 SYNC_MAIA_OPEN=true
COPY --from=build /app /app
RUN mkdir /data
VOLUME /data
# METRICS_PORT is not for the public.
EXPOSE 4203
# Platforms restart a container that is unhealthy, so a lost database must not count. A migration may take minutes.
HEALTHCHECK --interval=15s --start-period=300s CMD ["node", "-e", "Promise.all(['startup', 'live'].map(async (probe) => (await fetch(`http://127.0.0.1:${process.env.PORT}/health/${probe}`)).ok)).then((fine) => process.exit(fine.every(Boolean) ? 0 : 1), () => process.exit(1))"]
# Volumes are often owned by root, so change the owner first. The relay runs as `node`; exec lets it receive signals.
CMD ["sh", "-c", "chown node:node /data && exec setpriv --reuid=node --regid=node --init-groups node /app/node_modules/@MaiaOS/kernel/dist/maia-relay.js"]
