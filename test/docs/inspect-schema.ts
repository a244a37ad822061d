import { join } from 'node:path';
import { createGenerator, type Schema } from 'ts-json-schema-generator';
import { root } from '../../scripts/build/packages.mjs';

/** What an inspector answers, by the files that say so. */
const answers = {
  InspectorSnapshot: 'snapshot.ts',
  Explanation: 'explain.ts',
  Story: 'story.ts',
  RelayAnswer: 'relay-asks.ts',
  CoValueFacts: 'co-value/co-value-facts.ts',
  MemberPage: 'co-value/co-value-facts.ts',
  SessionPage: 'co-value/co-value-facts.ts',
  TransactionPage: 'co-value/transaction-types.ts',
  TreePage: 'co-value/tree-types.ts',
  FoundCoValues: 'co-value/find-co-values.ts',
} as const;
export type Answer = keyof typeof answers;

export interface SchemaDocument {
  readonly $id: string;
  readonly [key: string]: unknown;
}

/**
 * JSON Schema of what an inspector answers, made from the types. A reader ignores what it does not know, so a published
 * schema allows fields beside those that it names; a strict one does not.
 */
export function inspectSchema(protocol: number, { isStrict = false } = {}): SchemaDocument {
  const definitions: NonNullable<Schema['definitions']> = {};
  const generator = createGenerator({
    // One program for all of them: making it takes most of the time.
    path: join(root, 'src/inspect', `{${[...new Set(Object.values(answers))].join()}}`),
    tsconfig: join(root, 'tsconfig.json'),
    // tsc has checked them, with the TypeScript that the project uses.
    skipTypeCheck: true,
    additionalProperties: !isStrict,
  });
  for (const type of Object.keys(answers)) {
    Object.assign(definitions, generator.createSchema(type).definitions);
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: `urn:maia:inspector:${protocol}`,
    description: `What an inspector of @MaiaOS/kernel answers, protocol ${protocol}. Times are milliseconds since the Unix epoch.`,
    $ref: '#/definitions/InspectorSnapshot',
    definitions: Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
