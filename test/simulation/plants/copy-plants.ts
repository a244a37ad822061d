import { contradiction, type Plant } from './plant.ts';

/** Mistakes that lose edits if two copies of a browser profile write under one session ID. */
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
  {
    rule: 'T9',
    name: 'continues a stored session with what a copy wrote in its place',
    changes: [
      {
        file: 'src/storage/kernel/plan-writes.ts',
        from: 'if (isFork(id, sessionID)) continue;',
        to: '',
      },
    ],
    message: contradiction,
    scenario: { copies: true },
    seed: 420_000_162,
  },
];
