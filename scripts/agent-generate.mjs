// `npm run agent:generate -- --service sync`: prints the settings of a new account for the relay.
import { runRelayCommand } from './relay-command.mjs';

await runRelayCommand(['agent:generate', ...process.argv.slice(2)]);
