FROM node:26.10.0-bookworm-slim AS dependencies
WORKDIR /app
# Before the sources: packages change less often, and their layer is kept.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev

FROM node:26.10.0-bookworm-slim
LABEL org.opencontainers.image.title="ticket-metadata-service" \
      org.opencontainers.image.description="Takes the high-frequency writes of support-ticket metadata off MySQL" \
      org.opencontainers.image.licenses="MIT"
# Node keeps what it has compiled: see docs/decisions/node-26-without-a-build.md.
ENV NODE_ENV=production NODE_COMPILE_CACHE=/app/.compile-cache
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
# Node runs TypeScript as it is.
COPY package.json ./
COPY src src
COPY plugins plugins
COPY routes routes
COPY migrations migrations
# All other files belong to root: the service can read them and change none.
RUN mkdir .compile-cache && chown node:node .compile-cache
USER node
# Starts it once, without stores, and ends it: its modules are compiled then, for the user who runs it.
RUN REDIS_URL=redis://127.0.0.1:1/0 MYSQL_URL=mysql://root@127.0.0.1:1/tickets timeout --preserve-status 10 node --max-semi-space-size=8 src/server.ts > /dev/null
EXPOSE 3000
# The slim image has no curl. Liveness only: while Redis or MySQL is down, a restart would not help.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1))"]
# Without a shell in between, the service is process 1 and gets the signal itself.
STOPSIGNAL SIGTERM
CMD ["node", "--max-semi-space-size=8", "src/server.ts"]
