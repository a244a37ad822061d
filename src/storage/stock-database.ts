/** The database in which cojson-storage-indexeddb keeps one account's content. Part of the format: never to change. */
export function stockDatabaseName(accountID: string): string {
  return `maia-cojson-${accountID}`;
}
