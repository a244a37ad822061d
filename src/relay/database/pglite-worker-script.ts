/**
 * What runs in a database's worker, as text: sources, tests and the package then need no path to a file of it. It gets
 * `pglite` and `location` as its data, says so once the database is open, and then answers each request by its id.
 * Requests of one transaction carry the transaction's number. An error that is thrown here ends the worker.
 */
export const workerScript = `
const { parentPort, workerData } = require('node:worker_threads');

async function serve() {
  const { PGlite } = await import(workerData.pglite);
  const database = await PGlite.create(workerData.location);
  const transactions = new Map();

  function begin(number) {
    let end;
    const ended = new Promise((commit, rollBack) => (end = { commit, rollBack }));
    let done;
    const begun = new Promise((resolve, reject) => {
      done = database.transaction((transaction) => (resolve(transaction), ended));
      done.catch(reject);
    });
    // Whoever asks for a query or for the end of it hears of it.
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
    const reason = new Error('It is rolled back.');
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
    }
  }

  parentPort.on('message', async (request) => {
    try {
      parentPort.postMessage({ id: request.id, result: await answer(request) });
    } catch (error) {
      // The database's program itself has crashed: its memory is not to be trusted any more.
      if (error instanceof WebAssembly.RuntimeError) throw error;
      const { message, stack, code } = error;
      parentPort.postMessage({ id: request.id, error: { message, stack, code } });
    }
  });
  parentPort.postMessage({ id: 0 });
}

serve();
`;
