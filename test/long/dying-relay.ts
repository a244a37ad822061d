import { silentLogger } from '../../src/base/logger.ts';
import type { Database } from '../../src/relay/database/database.ts';
import { prepareSchema } from '../../src/relay/database/schema.ts';
import { openStoragePlace, readStoragePlace } from '../../src/relay/database/storage-place.ts';

// A process that migrates a storage as a relay does, and kills itself after so many statements of the transaction:
// `dying-relay.mjs STATEMENTS STORAGE`. With `commit`, right after the transaction was committed.
const [at, storage = ''] = process.argv.slice(2);

/** As by `kill -9` from outside: nothing is closed or rolled back. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('A killed process goes on.');
}

const database = await openStoragePlace(readStoragePlace(storage), silentLogger);
if (at === '0') die();

const dying: Database = {
  ...database,
  async transaction(run) {
    let done = 0;
    const result = await database.transaction((query) =>
      run(async (sql, parameters) => {
        const rows = await query(sql, parameters);
        if (String(++done) === at) die();
        return rows as never;
      }),
    );
    if (at === 'commit') die();
    return result;
  },
};
await prepareSchema(dying);
console.error(`The migration ended before statement ${at}.`);
