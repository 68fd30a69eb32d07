<?php

/**
 * Prints mercure.stub.php: the signatures as Reflection sees them in the loaded extension, the words of docs.php.
 */

declare(strict_types=1);

/** Writes one part of the stubs after the other and keeps count of the words that were used. */
final class Stubs
{
    /** @var array<string, true> */
    private array $used = [];

    /** @param array<string, string> $docs */
    public function __construct(private readonly array $docs)
    {
    }

    public function print(ReflectionExtension $extension): void
    {
        echo <<<'TEXT'
            <?php

            /**
             * The API of the mercure extension, for IDEs and static analysers. Never load it: the extension brings the real thing.
             *
             * Generated from the extension itself; `make stubs` renews it.
             */

            TEXT;
        $namespaces = [];
        foreach ($extension->getFunctions() as $function) {
            $namespaces[$function->getNamespaceName()][] = $this->function($function, '    ');
        }
        foreach ($extension->getClasses() as $class) {
            $namespaces[$class->getNamespaceName()][] = $this->class($class);
        }
        foreach ($namespaces as $name => $parts) {
            echo "\nnamespace ", $name === '' ? '' : "$name ", "{\n", implode("\n", $parts), "}\n";
        }
        if ($unused = array_diff_key($this->docs, $this->used)) {
            throw new LogicException('docs.php describes what is not there: ' . implode(', ', array_keys($unused)));
        }
    }

    private function class(ReflectionClass $class): string
    {
        $kind = $class->isInterface() ? 'interface ' : ($class->isFinal() ? 'final class ' : 'class ');
        $head = $kind . $class->getShortName();
        if ($parent = $class->getParentClass()) {
            $head .= ' extends \\' . $parent->getName();
        }
        if ($interfaces = $this->ownInterfaces($class)) {
            $head .= ($class->isInterface() ? ' extends ' : ' implements ') . '\\' . implode(', \\', $interfaces);
        }
        $methods = [];
        foreach ($class->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
            if ($method->getDeclaringClass()->getName() === $class->getName()) {
                $methods[] = $this->function($method, '        ');
            }
        }

        return $this->doc($class->getName(), '    ') . "    $head\n    {\n" . implode("\n", $methods) . "    }\n";
    }

    /** @return list<string> those that neither the parent nor another of them brings along */
    private function ownInterfaces(ReflectionClass $class): array
    {
        $interfaces = $class->getInterfaces();
        $inherited = $class->getParentClass() ? $class->getParentClass()->getInterfaceNames() : [];
        foreach ($interfaces as $interface) {
            $inherited = [...$inherited, ...$interface->getInterfaceNames()];
        }

        return array_values(array_diff(array_keys($interfaces), $inherited));
    }

    private function function(ReflectionFunctionAbstract $function, string $indent): string
    {
        $isMethod = $function instanceof ReflectionMethod;
        $name = $isMethod ? $function->class . '::' . $function->getName() : $function->getName();
        $parameters = array_map($this->parameter(...), $function->getParameters());
        $line = $isMethod ? 'public ' . ($function->isStatic() ? 'static ' : '') : '';
        $line .= 'function ' . $function->getShortName() . '(' . implode(', ', $parameters) . ')';
        $line .= $function->hasReturnType() ? ': ' . $this->type($function->getReturnType()) : '';
        $line .= $isMethod && $function->isAbstract() ? ';' : ' {}';

        return $this->doc($name, $indent) . "$indent$line\n";
    }

    private function parameter(ReflectionParameter $parameter): string
    {
        $text = $this->type($parameter->getType()) . ' $' . $parameter->getName();
        if ($parameter->isDefaultValueAvailable()) {
            $value = $parameter->getDefaultValue();
            $text .= ' = ' . ($value === [] ? '[]' : ($value === null ? 'null' : var_export($value, true)));
        }

        return $text;
    }

    private function type(ReflectionType $type): string
    {
        return preg_replace('/[A-Z]\w*(?:\\\\\w+)*/', '\\\\$0', (string) $type);
    }

    private function doc(string $name, string $indent): string
    {
        $this->used[$name] = true;
        $lines = explode("\n", $this->docs[$name] ?? throw new LogicException("docs.php does not describe $name"));
        $lines = array_map(static fn (string $line): string => rtrim("$indent * $line") . "\n", $lines);

        return "$indent/**\n" . implode($lines) . "$indent */\n";
    }
}

(new Stubs(require __DIR__ . '/docs.php'))->print(new ReflectionExtension('mercure'));
