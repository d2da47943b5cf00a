/** The code of an error of the system or of Node, such as `ENOENT`; null for any other. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** The words of an error from the system or a library, without a full stop at the end. */
export function errorText(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
}
