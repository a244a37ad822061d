// `npm run relay -- [options]`: the relay alone, with the settings in `.env`.
import { existsSync } from 'node:fs';
import { checkNode } from './check-node.mjs';
import { endWithParent } from './end-with-parent.mjs';
import { printError } from './expected-error.mjs';
import { installMissing } from './install-missing.mjs';

checkNode();
try {
  if (existsSync('.env')) process.loadEnvFile('.env');
  installMissing();
  endWithParent();
  const { runRelayCommand } = await import('./relay-command.mjs');
  await runRelayCommand(process.argv.slice(2));
} catch (error) {
  printError(error);
  process.exit(1);
}
