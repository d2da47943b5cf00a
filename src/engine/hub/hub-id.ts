/**
 * How a repository of the hub is named: `owner/name` or, of old, `name`. Whether the hub would take a name it does not say;
 * `requireName` of hub-files.ts does.
 */
export const HUB_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/** A name and, after an `@`, the branch, tag or commit. */
export interface HubReference {
  readonly id: string;
  readonly revision: string;
}

/** Reads `owner/name` or `owner/name@revision`, by itself `main`; null when it cannot be one. */
export function readHubReference(text: string): HubReference | null {
  const [, id = '', revision = 'main'] = /^([^@]*)(?:@([\w./-]+))?$/.exec(text) ?? [];
  return HUB_ID.test(id) ? { id, revision } : null;
}
