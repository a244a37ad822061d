// Reads the content of a list from a file with stock cojson, and prints the digest of what it shows.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';

const crypto = await WasmCrypto.create();
const secret = crypto.newRandomAgentSecret();
const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
const pieces = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
for (const piece of pieces) node.syncManager.handleNewContent(piece, 'import');
const shown = node.expectCoValueLoaded(pieces[0].id).getCurrentContent().toJSON();
console.log(createHash('sha256').update(JSON.stringify(shown)).digest('hex'));
