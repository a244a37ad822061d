// Two workers of jazz-tools create, edit and read a note through the relay at the given address. Prints its ID as JSON.
import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { co, Group, z } from 'jazz-tools';
import { startWorker } from 'jazz-tools/worker';
import { WebSocket } from 'ws';

const [syncServer = ''] = process.argv.slice(2);
// Created once: another one would replace the memory that this one works in.
const crypto = await WasmCrypto.create();
const Lines = co.list(z.string());
const Note = co.map({ title: z.string(), lines: Lines });

/** Creates an account as `jazz-run account create` does. */
async function createAccount() {
  const websocket = new WebSocket(syncServer);
  const { node, accountID, accountSecret } = await LocalNode.withNewlyCreatedAccount({
    creationProps: { name: 'A worker' },
    peers: [createWebSocketPeer({ id: 'relay', websocket, role: 'server' })],
    crypto,
  });
  await node.syncManager.waitForAllCoValuesSync();
  return { accountID, accountSecret };
}

const openWorker = async () => startWorker({ ...(await createAccount()), crypto, syncServer, WebSocket });

const [one, other] = await Promise.all([openWorker(), openWorker()]);
const group = Group.create({ owner: one.worker });
group.addMember('everyone', 'writer');
const note = Note.create({ title: 'Shared', lines: Lines.create(['first'], group) }, group);
await note.$jazz.waitForSync();
await note.lines.$jazz.waitForSync();

const read = await Note.load(note.$jazz.id, { loadAs: other.worker, resolve: { lines: true } });
if (!read.$isLoaded) throw new Error('The other worker cannot load the note.');
read.lines.$jazz.push('second');
await read.lines.$jazz.waitForSync();
await new Promise((resolve) => {
  note.lines.$jazz.subscribe((lines) => {
    if (lines.length === 2) resolve(undefined);
  });
});
console.log(JSON.stringify({ id: note.$jazz.id, title: read.title, lines: [...note.lines] }));
// jazz-tools leaves timers behind.
process.exit(0);
