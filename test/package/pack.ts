import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { root } from '../../scripts/build/packages.mjs';
import { packPackage } from './make-app.mjs';
import { run } from './run.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** The file that apps install. */
    readonly tarball: string;
  }
}

/** Builds and packs the package once, because two builds at once would replace each other's files. */
export default function packOnce({ provide }: TestProject): () => void {
  run('npm', ['run', 'build'], { cwd: root });
  const tarball = packPackage();
  provide('tarball', tarball);
  return () => rmSync(join(tarball, '..'), { recursive: true });
}
