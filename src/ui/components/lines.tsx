/** A block of lines of a known size: cut to its width and height, never wrapped, so that a frame is as tall as it says. */
import { Box, Text } from 'ink';
import { useTheme } from '../hooks/use-theme.ts';
import { paintLine, type RichLine } from '../text/rich-line.ts';

export interface LinesProps {
  readonly lines: readonly RichLine[];
  /** Cells. */
  readonly width: number;
  /** Rows; missing lines stay empty. */
  readonly height: number;
}

export function Lines({ lines, width, height }: LinesProps) {
  const theme = useTheme();
  const text = lines
    .slice(0, Math.max(0, height))
    .map((line) => paintLine(line, width, theme))
    .join('\n');
  return (
    <Box width={width} height={height} flexShrink={0} overflow="hidden">
      <Text wrap="truncate">{text}</Text>
    </Box>
  );
}
