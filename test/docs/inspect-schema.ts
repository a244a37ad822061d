import { join } from 'node:path';
import { createGenerator, type Schema } from 'ts-json-schema-generator';
import { root } from '../../scripts/build/packages.mjs';

/** The types of an inspector's answers, with the files that declare them. */
const answers = {
  InspectorSnapshot: 'snapshot/inspector-snapshot.ts',
  Explanation: 'unsynced/explain.ts',
  Story: 'unsynced/timeline.ts',
  RelayAnswer: 'covalue/relay-queries.ts',
  CoValueFacts: 'covalue/covalue-facts.ts',
  MemberPage: 'covalue/covalue-facts.ts',
  SessionPage: 'covalue/covalue-facts.ts',
  TransactionPage: 'covalue/transaction-types.ts',
  TreePage: 'covalue/tree-types.ts',
  FoundCoValues: 'covalue/find-covalues.ts',
} as const;
export type Answer = keyof typeof answers;

export interface SchemaDocument {
  readonly $id: string;
  readonly [key: string]: unknown;
}

/**
 * The JSON Schema of an inspector's answers, generated from the types. Readers ignore unknown fields, so the published
 * schema allows additional ones; a strict schema does not.
 */
export function inspectSchema(protocol: number, { isStrict = false } = {}): SchemaDocument {
  const definitions: NonNullable<Schema['definitions']> = {};
  const generator = createGenerator({
    // One program for all types, because creating it takes most of the time.
    path: join(root, 'src/inspect', `{${[...new Set(Object.values(answers))].join()}}`),
    tsconfig: join(root, 'tsconfig.json'),
    // tsc checks them, with the project's version of TypeScript.
    skipTypeCheck: true,
    additionalProperties: !isStrict,
  });
  for (const type of Object.keys(answers)) {
    Object.assign(definitions, generator.createSchema(type).definitions);
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: `urn:maia:inspector:${protocol}`,
    description: `The answers of an inspector of @MaiaOS/kernel, protocol ${protocol}. Times are milliseconds since the Unix epoch.`,
    $ref: '#/definitions/InspectorSnapshot',
    definitions: Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
