import { newIDs } from '../simulate.ts';
import type { Plant } from './plant.ts';

const validity = 'src/sync/delivery/validity.ts';
const scenario = { ...newIDs, roles: true };
/** A page is silent about what does not count, or reports what counts. */
const miscounted = /^still unmet .*: every page reports what does not count/;

/** Mistakes about what cojson does not count. */
export const countingPlants: readonly Plant[] = [
  {
    rule: 'T10',
    name: 'never reports what does not count',
    changes: [{ file: validity, from: 'if (edit) add(core.id, edit);', to: 'if (edit) void add;' }],
    message: miscounted,
    scenario,
    seed: 3,
  },
  {
    rule: 'T10',
    name: 'does not judge again when a group changes',
    changes: [
      {
        file: validity,
        from: 'if (findCoValue(node, id)?.isGroupOrAccount()) queueAgain([id]);',
        to: 'void queueAgain;',
      },
    ],
    message: miscounted,
    scenario,
    seed: 3,
  },
];
