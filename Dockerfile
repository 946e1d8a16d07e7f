# Foyer as an image: built once, run without build tools, as a user of its own, with all state in /data, copies of it in
# /backups and nothing else written (--read-only). For several machines: docker buildx build --platform linux/amd64,linux/arm64 .
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
ENV NODE_ENV=production \
    FOYER_DATA=/data
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY web ./web
RUN mkdir -m 700 /data /backups && chown node:node /data /backups
USER node
VOLUME /data /backups
EXPOSE 5222 5223 5280 7812
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "dist/main.js", "status"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["start"]
