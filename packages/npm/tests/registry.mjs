// A registry on this machine for packed packages: what `npm install` asks a registry for, and nothing else.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** The package.json in a packed package. */
function manifestOf(tarball) {
    const tar = gunzipSync(tarball);
    for (let at = 0; at + 512 <= tar.length; ) {
        const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
        const size = parseInt(tar.toString('utf8', at + 124, at + 136), 8) || 0;
        if (name === 'package/package.json') return JSON.parse(tar.toString('utf8', at + 512, at + 512 + size));
        at += 512 + Math.ceil(size / 512) * 512;
    }
    throw new Error('there is no package.json in it');
}

/** Starts a registry with these files; what it does not have is not found, as for platforms whose package nobody has packed. */
export async function registry(files) {
    const packages = new Map();
    const missed = [];
    for (const file of files) {
        const bytes = readFileSync(file);
        const manifest = manifestOf(bytes);
        packages.set(manifest.name, { bytes, manifest });
    }
    const server = createServer((request, response) => {
        const name = decodeURIComponent(new URL(request.url, 'http://localhost').pathname.slice(1));
        const { origin } = new URL(`http://${request.headers.host}`);
        if (name.startsWith('-/tarball/')) {
            const found = packages.get(name.slice('-/tarball/'.length).replace(/\.tgz$/, ''));
            response.writeHead(found ? 200 : 404, { 'content-type': 'application/octet-stream' }).end(found?.bytes);
            return;
        }
        const found = packages.get(name);
        if (!found) {
            missed.push(name);
            response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
            return;
        }
        const { manifest, bytes } = found;
        const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
        const dist = { tarball: `${origin}/-/tarball/${encodeURIComponent(name)}.tgz`, integrity, shasum: createHash('sha1').update(bytes).digest('hex') };
        const versions = { [manifest.version]: { ...manifest, dist } };
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ name, 'dist-tags': { latest: manifest.version }, versions }));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${server.address().port}/`, missed, close: () => new Promise((resolve) => server.close(resolve)) };
}
