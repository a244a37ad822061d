import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** `.x` or `.maia .x`, which apply in every view. */
const everywhere = /^(?:\.maia )?\.(?!maia)([\w-]+)$/;

test('each global class is styled in only one sheet', () => {
  const sheetsByClass = new Map<string, Set<string>>();
  for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.css'))) {
    const css = readFileSync(join(import.meta.dirname, file), 'utf8')
      .replaceAll(/\/\*.*?\*\//gs, '')
      // Reduced-motion rules apply to all animations.
      .replaceAll(/@media \(prefers-reduced-motion.*?\n\}/gs, '');
    for (const [, selectors = ''] of css.matchAll(/([^{}]+)\{/g)) {
      for (const selector of selectors.split(',')) {
        const [, name] = everywhere.exec(selector.trim()) ?? [];
        if (name !== undefined) sheetsByClass.set(name, (sheetsByClass.get(name) ?? new Set()).add(file));
      }
    }
  }
  expect(sheetsByClass.size).toBeGreaterThan(100);
  const inSeveral = [...sheetsByClass].filter(([, sheets]) => sheets.size > 1);
  expect(inSeveral.map(([name, sheets]) => `${name}: ${[...sheets].join(', ')}`)).toEqual([]);
});
