<?php
// Tells the names that stand in a tree of PHP, by PHP's own tokens: `php php_names.php ROOT`. What they mean it does not know.
// One JSON object a line: path, at (a byte), name, kind: define, call, import, inherit or read.

final class Names
{
    private const NAMES = [T_STRING, T_NAME_QUALIFIED, T_NAME_FULLY_QUALIFIED, T_NAME_RELATIVE];
    private const CLASSES = [T_CLASS, T_INTERFACE, T_TRAIT, T_ENUM];

    /** @var PhpToken[] */
    private array $tokens;
    private bool $isAnonymous = false;
    /** @var bool[] whether each brace that is open is a class's */
    private array $braces = [];

    public function __construct(private string $path, string $text)
    {
        $this->tokens = array_values(array_filter(PhpToken::tokenize($text), fn ($one) => !$one->isIgnorable()));
    }

    private function is(int $at, mixed ...$kinds): bool
    {
        return isset($this->tokens[$at]) && $this->tokens[$at]->is($kinds);
    }

    private function tell(int $at, string $kind): void
    {
        $text = $this->tokens[$at]->text;
        $parts = explode('\\', $text);
        $name = end($parts);
        $start = $this->tokens[$at]->pos + strlen($text) - strlen($name);
        echo json_encode(['path' => $this->path, 'at' => $start, 'name' => $name, 'kind' => $kind]), "\n";
    }

    public function all(): void
    {
        $isNext = false; // the brace that comes is a class's
        $heritage = false;
        for ($at = 0; $at < count($this->tokens); $at++) {
            if ($this->is($at, ...self::CLASSES) && !$this->is($at - 1, T_DOUBLE_COLON, T_OBJECT_OPERATOR, T_FUNCTION)) {
                $this->isAnonymous = $this->is($at - 1, T_NEW, T_READONLY) && !$this->is($at + 1, T_STRING);
                $isNext = true;
            } elseif ($this->is($at, T_EXTENDS, T_IMPLEMENTS)) {
                $heritage = true;
            } elseif ($this->is($at, '{', T_CURLY_OPEN, T_DOLLAR_OPEN_CURLY_BRACES)) {
                $this->braces[] = $isNext && $this->is($at, '{');
                $isNext = $heritage = false;
            } elseif ($this->is($at, '}')) {
                array_pop($this->braces);
            } elseif ($this->is($at, T_NAMESPACE) && $this->is($at + 1, ...self::NAMES)) {
                $at++;
            } elseif ($this->is($at, T_USE) && !$this->is($at - 1, ')')) {
                $at = end($this->braces) ? $this->traits($at + 1) : $this->imports($at + 1);
            } elseif ($this->is($at, ...self::NAMES) || ($this->is($at, T_STATIC) && $this->is($at - 1, T_NEW))) {
                $this->name($at, $heritage);
            }
        }
    }

    private function traits(int $at): int
    {
        for (; !$this->is($at, ';', '{') && isset($this->tokens[$at]); $at++) {
            if ($this->is($at, ...self::NAMES)) {
                $this->tell($at, 'inherit');
            }
        }
        while ($this->is($at, '{') || (isset($this->tokens[$at]) && !$this->is($at, ';', '}'))) {
            for ($at++; isset($this->tokens[$at]) && !$this->is($at, '}'); $at++);
        }
        return $at;
    }

    private function imports(int $at): int
    {
        for (; !$this->is($at, ';') && isset($this->tokens[$at]); $at++) {
            if ($this->is($at, ...self::NAMES) && !$this->is($at - 1, T_AS) && !$this->is($at + 1, T_NS_SEPARATOR)) {
                $this->tell($at, 'import');
            }
        }
        return $at;
    }

    private function name(int $at, bool $heritage): void
    {
        $before = $this->is($at - 1, T_AMPERSAND_NOT_FOLLOWED_BY_VAR_OR_VARARG) ? $at - 2 : $at - 1;
        if ($this->is($before, T_FUNCTION, ...self::CLASSES)) {
            $this->tell($at, 'define');
        } elseif ($this->is($at - 1, T_OBJECT_OPERATOR, T_NULLSAFE_OBJECT_OPERATOR, T_DOUBLE_COLON)) {
            for ($head = $at; $this->is($head - 1, T_OBJECT_OPERATOR, T_DOUBLE_COLON); $head -= 2);
            if ($this->is($at + 1, '(') && !$this->is($head - 1, T_NEW)) { // else a class that a property names
                $this->tell($at, 'call');
            }
        } elseif ($this->is($at - 1, T_NEW)) {
            $this->tell($at, 'call');
        } elseif ($this->is($at - 1, T_ATTRIBUTE)) {
            $this->tell($at, 'read');
        } elseif ($this->is($at + 1, '(')) {
            $this->tell($at, 'call');
        } elseif (!$this->is($at + 1, ':') || !$this->is($at - 1, '(', ',')) {
            $isWord = in_array(strtolower($this->tokens[$at]->text), ['self', 'static', 'parent', 'true', 'false', 'null']);
            if (!$isWord && !$this->is($at - 1, T_CONST)) {
                $this->tell($at, $heritage && !$this->isAnonymous ? 'inherit' : 'read');
            }
        }
    }
}

$root = realpath($argv[1]);
$walk = new RecursiveIteratorIterator(new RecursiveDirectoryIterator($root, FilesystemIterator::SKIP_DOTS));
$paths = [];
foreach ($walk as $file) {
    if (in_array($file->getExtension(), ['php', 'phtml'])) {
        $paths[] = $file->getPathname();
    }
}
sort($paths);
foreach ($paths as $path) {
    (new Names(substr($path, strlen($root) + 1), file_get_contents($path)))->all();
}
