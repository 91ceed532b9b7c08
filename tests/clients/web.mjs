// Serves fixtures/web, with the packages of this folder bundled into its scripts.
//
//   node web.mjs [PORT]      the application, for the tenant of ISSUER or http://localhost:3333

import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const site = path.join(here, '../../fixtures/web');
const CLIENT_ID = 'web-sample';
const FILES = { '/': 'index.html', '/sign-up.html': 'sign-up.html', '/style.css': 'style.css', '/logo.svg': 'logo.svg' };
const KINDS = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.svg': 'image/svg+xml', '.js': 'text/javascript', '.json': 'application/json' };

async function scripts() {
  const bundled = await build({
    entryPoints: ['app.js', 'sign-up.js'].map((name) => path.join(site, name)),
    bundle: true,
    write: false,
    format: 'esm',
    outdir: site,
    nodePaths: [path.join(here, 'node_modules')],
    // Said, and not left to esbuild: Lock's `require` would get auth0-js without its default export.
    mainFields: ['browser', 'module', 'main'],
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    logLevel: 'warning',
  });
  return bundled.outputFiles.map((file) => [`/${path.basename(file.path)}`, file.text]);
}

/// Answers on a port of this machine until the server that it gives is closed.
export async function serve(issuer, port) {
  const pages = new Map(await scripts());
  for (const [url, name] of Object.entries(FILES)) pages.set(url, await readFile(path.join(site, name), 'utf8'));
  pages.set('/settings.json', JSON.stringify({ issuer: issuer.replace(/\/$/, ''), clientId: CLIENT_ID }));
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost').pathname;
    const page = pages.get(url);
    const kind = KINDS[path.extname(url)] ?? KINDS['.html'];
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': kind, 'cache-control': 'no-store' });
    response.end(page ?? 'not found');
  });
  await new Promise((done, failed) => server.once('error', failed).listen(port, 'localhost', done));
  return server;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const port = Number(process.argv[2] ?? 3000);
  const issuer = process.env.ISSUER ?? 'http://localhost:3333/';
  await serve(issuer, port);
  console.log(`http://localhost:${port}/ signs in at ${issuer}`);
}
