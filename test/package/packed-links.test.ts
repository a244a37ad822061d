import { execFileSync } from 'node:child_process';
import { posix } from 'node:path';
import { expect, it } from 'vitest';
import { linksIn, readText, root } from '../docs/markdown.ts';

/** AGENTS.md and llms.txt say that links to other files than the packed ones lead to the repository: to these. */
const onlyInRepository =
  /^(?:ARCHITECTURE\.md|CONTRIBUTING\.md|SECURITY\.md|Dockerfile|compose\.yaml|fly\.toml|docs\/spec\.md|(?:docs\/images|demo|bench|test|e2e|src)(?:\/.*)?)$/;

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
});
const [packed] = JSON.parse(output) as [Packed];
const paths = packed.files.map(({ path }) => path);
const targets = paths
  .filter((path) => /\.(?:md|txt)$/.test(path) && !path.startsWith('docs/starters/'))
  .flatMap((path) =>
    linksIn(path)
      .filter((target) => !target.startsWith('#'))
      .map((target) => [path, posix.join(posix.dirname(path), target.replace(/#.*/, ''))] as const),
  );
const notPacked = targets.filter(
  ([, target]) => !paths.some((path) => path === target || path.startsWith(`${target.replace(/\/$/, '')}/`)),
);

it('each link of a packed document leads to a packed file, or to one that only the repository has', () => {
  expect(targets.length).toBeGreaterThan(100);
  expect(notPacked.length).toBeGreaterThan(0);
  expect(notPacked.filter(([, target]) => !onlyInRepository.test(target))).toEqual([]);
});

it('the package says where the other links lead', () => {
  for (const path of ['AGENTS.md', 'llms.txt'])
    expect(readText(path)).toContain('in the repository that `package.json` names');
});
