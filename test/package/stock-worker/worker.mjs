// A process with stock cojson alone. It opens an agent's account, shares a map with a kernel's account, waits for the answer
// and prints it with the refusals that the relay sent. `creates`: the account is nowhere yet, so it creates it from its secret.
import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { WebSocket } from 'ws';

/**
 * @typedef {import('cojson').RawAccountID} RawAccountID
 * @typedef {import('cojson').AgentSecret} AgentSecret
 * @typedef {import('cojson').LocalNode} Node
 */

/** @type {{ url: string, accountID: RawAccountID, accountSecret: AgentSecret, readerID: RawAccountID, creates: boolean }} */
const { url, accountID, accountSecret, readerID, creates } = JSON.parse(process.argv[2] ?? '');
const crypto = await WasmCrypto.create();
const websocket = new WebSocket(url);
/** @type {string[]} */
const refused = [];
websocket.on('message', (/** @type {Buffer} */ data) => {
  for (const line of data.toString('utf8').split('\n')) if (line.includes('"refused"')) refused.push(line);
});
const peers = [createWebSocketPeer({ id: 'relay', websocket, role: 'server' })];

/** @returns {Promise<Node>} */
async function open() {
  if (!creates)
    return LocalNode.withLoadedAccount({ accountID, accountSecret, crypto, peers, sessionID: undefined });
  const creationProps = { name: 'Worker' };
  const made = await LocalNode.withNewlyCreatedAccount({
    creationProps,
    initialAgentSecret: accountSecret,
    crypto,
    peers,
  });
  return made.node;
}

const node = await open();
if (node.getCurrentAccountOrAgentID() !== accountID) throw new Error('This is another account.');
const reader = await node.load(readerID);
if (reader === 'unavailable') throw new Error('The reader is unavailable.');
const group = node.createGroup();
group.addMember(/** @type {import('cojson').RawAccount} */ (reader), 'writer');
const map = group.createMap({ word: 'from the worker' });
map.set('signed', 'only', 'trusting');
await node.syncManager.waitForAllCoValuesSync();
console.log(map.id);

const answer = await new Promise((resolve) => {
  map.subscribe((current) => {
    const found = current.get('answer');
    if (found !== undefined) resolve(found);
  });
});
map.set('thanks', true);
await node.syncManager.waitForAllCoValuesSync();
console.log(JSON.stringify({ answer, refused }));
process.exit(0);
