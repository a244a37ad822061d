// A sync server of stock cojson, set up like its authors' own command: native crypto, their transport,
// their storage. Arguments: the path of an SQLite database, or none to keep everything in memory.
import { createServer } from 'node:http';
import Database from 'better-sqlite3';
import { getSqliteStorage, LocalNode } from 'cojson';
import { NapiCrypto } from 'cojson/crypto/NapiCrypto';
import { createWebSocketPeer } from 'cojson-transport-ws';
import { WebSocketServer } from 'ws';

const [file] = process.argv.slice(2);
const pingEveryMs = 1_500;

const crypto = await NapiCrypto.create();
const secret = crypto.newRandomAgentSecret();
const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
if (file !== undefined) {
  node.setStorage(getSqliteStorage(openDriver(file)));
  node.enableDeletedCoValuesErasure();
}

const server = createServer();
const sockets = new WebSocketServer({ server });
let openedCount = 0;
sockets.on('connection', (socket, request) => {
  const pings = setInterval(() => {
    socket.send(JSON.stringify({ type: 'ping', time: Date.now(), dc: 'bench' }));
  }, pingEveryMs);
  socket.on('close', () => clearInterval(pings));
  const peer = createWebSocketPeer({
    id: `client-${++openedCount}`,
    role: 'client',
    websocket: socket,
    expectPings: false,
    batchingByDefault: false,
    deletePeerStateOnClose: true,
  });
  node.syncManager.addPeer(request.url === '/written' ? acknowledgeWritten(peer) : peer);
});
server.listen(0, '127.0.0.1', () => console.log(`answers on http://127.0.0.1:${server.address().port}`));

/**
 * Stock cojson acknowledges content just before it stores it, in the same turn, and SQLite stores
 * synchronously. So an acknowledgement that waits for the end of the turn means that the content was
 * written.
 */
function acknowledgeWritten(peer) {
  const { outgoing } = peer;
  return {
    ...peer,
    outgoing: {
      push(message) {
        if (message.action === 'known') queueMicrotask(() => outgoing.push(message));
        else outgoing.push(message);
      },
      close: () => outgoing.close(),
      onClose: (listener) => outgoing.onClose(listener),
    },
  };
}

/** Prepares each statement once. A commit survives a power cut, as far as SQLite and the disk guarantee it. */
function openDriver(path) {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  const statements = new Map();
  const prepare = (sql) => {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = database.prepare(sql)));
    return statement;
  };
  return {
    run: (sql, parameters) => void prepare(sql).run(parameters),
    get: (sql, parameters) => prepare(sql).get(parameters),
    query: (sql, parameters) => prepare(sql).all(parameters),
    transaction: (work) => database.transaction(work)(),
    closeDb: () => database.close(),
    getMigrationVersion: () => database.pragma('user_version', { simple: true }),
    saveMigrationVersion: (version) => void database.pragma(`user_version = ${version}`),
  };
}
