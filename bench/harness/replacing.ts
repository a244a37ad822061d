import type { Plugin } from 'rolldown';

/** Replaces files of a build; both sides of `substitutes` are absolute paths. `check` throws if nothing imported one of them. */
export function replacing(substitutes: ReadonlyMap<string, string>): {
  readonly plugin: Plugin;
  check(): void;
} {
  const replaced = new Set<string>();
  return {
    plugin: {
      name: 'replacing',
      async resolveId(source, importer, options) {
        const found = await this.resolve(source, importer, { ...options, skipSelf: true });
        const substitute = found && substitutes.get(found.id);
        if (substitute !== undefined) replaced.add(found?.id ?? '');
        return substitute;
      },
    },
    check() {
      const missed = [...substitutes.keys()].filter((file) => !replaced.has(file));
      if (missed.length > 0) throw new Error(`Nothing imports ${missed.join(', ')}.`);
    },
  };
}
