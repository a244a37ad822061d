import { contradiction, type Plant } from './plant.ts';

/**
 * Mistakes that lose edits if two copies of a browser profile write under one session ID. `plan-writes.test.ts` finds that a
 * stored session is continued with what a copy wrote: here it takes a failing disk as well, and no seed of 1,200 finds it.
 */
export const copyPlants: readonly Plant[] = [
  {
    rule: 'T9',
    name: 'writes nothing again when a session ID is retired',
    changes: [
      {
        file: 'src/session/session-ids/guard-session-id.ts',
        from: 'const written = forks.filter((fork) => rewriteAfterFork(node, fork, forks));',
        to: 'const written = forks.filter((fork) => fork.from >= 0 || rewriteAfterFork(node, fork, forks));',
      },
    ],
    message: contradiction,
    scenario: { copies: true, reusedIDs: false, roles: false },
    seed: 8,
  },
];
