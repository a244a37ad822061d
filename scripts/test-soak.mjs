// `npm run test:soak`: the tests named `.soak.`. They kill relays, PostgreSQL, NATS and tabs under load, kill migrations of
// 100,000 CoValues, attack the relay, move 20,000 CoValues, run the simulation with 300 seeds, and check that it detects
// planted mistakes. `MAIA_KILLS` sets the number of kills per setup, `MAIA_SEED` the random sequence.
import { runPlaywright, runSuites, runVitest } from './test-suites.mjs';

void runSuites(async (reports) => [
  await runVitest('soak', reports, ['--config', 'test/long/vitest.config.ts']),
  await runPlaywright('e2e-soak', reports, ['--config', 'test/long/playwright.soak.config.ts']),
]);
