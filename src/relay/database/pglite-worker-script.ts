/**
 * The script of a database worker, as text, so that sources, tests and the package need no path to a file. Its worker data
 * is `pglite`, `location` and `template`. It posts a message once the database is open, and then answers each request by ID. Requests of
 * a transaction carry its number. A ping has no ID. An uncaught error ends the worker.
 */
export const workerScript = `
const { parentPort, workerData } = require('node:worker_threads');

async function serve() {
  const { PGlite } = await import(workerData.pglite);
  // Segments of the log beyond this are removed at a checkpoint, and not kept for reuse.
  const startParams = [...PGlite.defaultStartParams, '-c', 'max_wal_size=128MB'];
  const { location, template } = workerData;
  const database = await PGlite.create(location, {
    startParams,
    ...(template && { loadDataDir: new Blob([template]) }),
  });
  const transactions = new Map();

  function begin(number) {
    let end;
    const ended = new Promise((commit, rollBack) => (end = { commit, rollBack }));
    let done;
    const begun = new Promise((resolve, reject) => {
      done = database.transaction((transaction) => (resolve(transaction), ended));
      done.catch(reject);
    });
    // Queries and the end of the transaction report these rejections.
    for (const promise of [begun, ended]) promise.catch(() => {});
    transactions.set(number, { begun, done, end });
  }

  async function query({ transaction, sql, parameters }) {
    const target = transaction === undefined ? database : await transactions.get(transaction).begun;
    return (await target.query(sql, parameters)).rows;
  }

  async function end({ transaction, commits }) {
    const { done, end } = transactions.get(transaction);
    transactions.delete(transaction);
    if (commits) {
      end.commit();
      return done;
    }
    const reason = new Error('The transaction was rolled back.');
    end.rollBack(reason);
    return done.catch((error) => {
      if (error !== reason) throw error;
    });
  }

  function answer(request) {
    switch (request.kind) {
      case 'begin': return begin(request.transaction);
      case 'query': return query(request);
      case 'end': return end(request);
      case 'close': return database.close();
      case 'ping': return;
    }
  }

  parentPort.on('message', async (request) => {
    try {
      parentPort.postMessage({ id: request.id, result: await answer(request) });
    } catch (error) {
      // PGlite itself has failed, so its memory cannot be trusted. A full disk leads to internal errors (XX000).
      if (error instanceof WebAssembly.RuntimeError || error.code === 'XX000') throw error;
      const { message, stack, code } = error;
      parentPort.postMessage({ id: request.id, error: { message, stack, code } });
    }
  });
  parentPort.postMessage({ id: 0 });
}

serve();
`;
