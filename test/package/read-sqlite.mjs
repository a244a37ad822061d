import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import Libsql from 'libsql';

/** The command in the package finds its SQLite: it reads a database, and sees that it is of somebody else. @param {string} app */
export function checkSqlite(app) {
  const file = join(app, 'other.sqlite');
  const database = new Libsql(file);
  database.exec('create table notes (text)');
  database.close();
  const command = join(app, 'node_modules/.bin/maia-relay');
  const { stderr } = spawnSync(command, ['import', file, '--storage', 'pglite:never'], {
    cwd: app,
    encoding: 'utf8',
  });
  if (stderr.includes('it has no table coValues')) return 'reads databases of SQLite';
  throw new Error(`maia-relay import did not read ${file}: ${stderr}`);
}
