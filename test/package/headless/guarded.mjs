// Runs in Node's main thread and again in a worker: opens an agent session with the built package while every page global
// throws on access. Reads its settings from the arguments or the worker's data.
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** @type {{ readonly entry: string, readonly url: string, readonly accountID: string, readonly agentSecret: string }} */
const settings = isMainThread ? JSON.parse(process.argv[2] ?? '') : workerData;

/** @param {object} target @param {string} name */
function guard(target, name) {
  Object.defineProperty(target, name, {
    configurable: true,
    get() {
      throw new Error(`${name} was touched`);
    },
  });
}
for (const name of ['window', 'document', 'localStorage', 'sessionStorage', 'indexedDB']) {
  guard(globalThis, name);
}
const { navigator = {} } = globalThis;
Object.defineProperty(globalThis, 'navigator', { configurable: true, value: navigator });
for (const name of ['credentials', 'locks', 'onLine']) guard(navigator, name);

/** @type {typeof import('../../../src/index.ts')} */
const { openAgentSession } = await import(settings.entry);
const { accountID, agentSecret, url } = settings;
const session = await openAgentSession({ accountID, agentSecret, sync: { url } });
const map = session.node.createGroup().createMap({ by: isMainThread ? 'main' : 'worker' });
await new Promise((resolve) => {
  const stop = session.sync.subscribe(({ status }) => {
    if (status !== 'confirmed') return;
    queueMicrotask(() => stop());
    resolve(undefined);
  });
});
await session.close();
process.stdout.write(`${isMainThread ? 'main' : 'worker'} ${map.id}\n`);

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: settings });
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
}
