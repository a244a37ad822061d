export { createInspector } from './create-inspector.ts';
export type { Inspector, InspectorOptions, InspectorTarget } from './create-inspector.ts';
export type { Explanation } from './explain.ts';
export type { RelayAnswer } from './relay-asks.ts';
export { inspectorProtocol } from './snapshot.ts';
export type { InspectorIncrement, InspectorSnapshot } from './snapshot.ts';
export type { Story } from './story.ts';
export type { ContentEnd, ContentHead, ContentLine } from './storage/content-file.ts';
export type { StorageFacts, StorageSizes } from './storage/storage-facts.ts';
