import type { Suite } from '../harness/suite.ts';
import { measureColdLoad } from './cold-load.ts';
import { measureCosts } from './costs.ts';
import { measureCrowd } from './crowd.ts';
import { measureDoors } from './doors.ts';
import { measureEdits } from './edits.ts';
import { measureIdle } from './idle.ts';
import { measureIngest } from './ingest.ts';
import { measureLanes } from './lanes.ts';
import type { Measure } from './measurement.ts';
import { measureSeveralRelays } from './several-relays.ts';
import { describePostgres, serverCommands } from './servers.ts';

const measures: Readonly<Record<string, Measure>> = {
  'memory of idle connections': measureIdle,
  'cold loads': measureColdLoad,
  edits: measureEdits,
  'durable transactions': measureIngest,
  'commit lanes': measureLanes,
  doors: measureDoors,
  'a crowd of idle clients': measureCrowd,
  'several relays': measureSeveralRelays,
  costs: measureCosts,
};

/** The relay, compared with what else a team could deploy. */
export const relaySuite: Suite = {
  name: 'relay',
  async *run(context) {
    const postgres = await describePostgres();
    if (postgres === undefined) {
      context.say(
        'No PostgreSQL answers, so its lines are left out. MAIA_TEST_POSTGRES names another address.',
      );
    } else context.addVersion('PostgreSQL', postgres);
    const commands = serverCommands(context);
    const chosen = Object.entries(measures).filter(
      ([name]) => context.part === undefined || name.includes(context.part),
    );
    for (const [name, measure] of chosen) {
      context.say(`Measuring ${name}`);
      const durable = postgres === undefined ? (['pglite'] as const) : (['pglite', 'postgres'] as const);
      yield* await measure({ context, commands, durable });
    }
  },
};
