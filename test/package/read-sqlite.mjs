import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import Libsql from 'libsql';

/** Checks that the packaged command finds its SQLite: it reads a database and rejects it as foreign. @param {string} app */
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
