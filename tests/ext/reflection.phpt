--TEST--
Reflection shows every signature as it is documented
--FILE--
<?php
function signature(ReflectionFunctionAbstract $function): string
{
    $parameters = array_map(static function (ReflectionParameter $parameter): string {
        $text = $parameter->getType() . ' $' . $parameter->getName();
        if ($parameter->isDefaultValueAvailable()) {
            $text .= ' = ' . str_replace("array (\n)", '[]', strtolower(var_export($parameter->getDefaultValue(), true)));
        }

        return $text;
    }, $function->getParameters());
    $return = $function->getReturnType();

    return $function->getName() . '(' . implode(', ', $parameters) . ')' . ($return ? ': ' . $return : '');
}

$extension = new ReflectionExtension('mercure');
foreach ($extension->getFunctions() as $function) {
    echo signature($function), "\n";
}
foreach ($extension->getClasses() as $class) {
    echo $class->isFinal() ? 'final ' : '', $class->isInterface() ? 'interface ' : 'class ', $class->getName();
    echo $class->getParentClass() ? ' extends ' . $class->getParentClass()->getName() : '', "\n";
    $interfaces = $class->getInterfaceNames();
    sort($interfaces);
    echo $interfaces ? '  implements ' . implode(', ', $interfaces) . "\n" : '';
    foreach ($class->getProperties() as $property) {
        if ($property->getDeclaringClass() == $class) {
            echo '  ', implode(' ', Reflection::getModifierNames($property->getModifiers())), ' ', $property->getType(), ' $', $property->getName(), "\n";
        }
    }
    foreach ($class->getMethods() as $method) {
        if ($method->getDeclaringClass() == $class) {
            echo '  ', implode(' ', Reflection::getModifierNames($method->getModifiers())), ' ', signature($method), "\n";
        }
    }
}

$topics = (new ReflectionFunction('mercure_publish'))->getParameters()[0];
var_dump($topics->getType() instanceof ReflectionUnionType, $topics->isOptional(), $topics->allowsNull());
?>
--EXPECT--
mercure_publish(array|string $topics, string $data = '', bool $private = false, ?string $id = null, ?string $type = null, ?int $retry = null): string
interface Mercure\Exception\ExceptionInterface
  implements Stringable, Throwable
class Mercure\Exception\InvalidArgumentException extends InvalidArgumentException
  implements Mercure\Exception\ExceptionInterface, Stringable, Throwable
class Mercure\Exception\PublishException extends RuntimeException
  implements Mercure\Exception\ExceptionInterface, Stringable, Throwable
class Mercure\Exception\HubUnavailableException extends Mercure\Exception\PublishException
  implements Mercure\Exception\ExceptionInterface, Stringable, Throwable
interface Mercure\Jwt\TokenFactoryInterface
  abstract public create(?array $subscribe = [], ?array $publish = [], array $additionalClaims = []): string
interface Mercure\Jwt\TokenProviderInterface
  abstract public getJwt(): string
final class Mercure\Update
  private readonly array $topics
  private readonly string $data
  private readonly bool $private
  private readonly ?string $id
  private readonly ?string $type
  private readonly ?int $retry
  public __construct(array|string $topics, string $data = '', bool $private = false, ?string $id = null, ?string $type = null, ?int $retry = null)
  public getTopics(): array
  public getData(): string
  public isPrivate(): bool
  public getId(): ?string
  public getType(): ?string
  public getRetry(): ?int
  public __serialize(): array
  public __unserialize(array $properties): void
  public static __set_state(array $properties): Mercure\Update
interface Mercure\HubInterface
  abstract public getPublicUrl(): string
  abstract public getFactory(): ?Mercure\Jwt\TokenFactoryInterface
  abstract public publish(Mercure\Update $update): string
final class Mercure\Hub
  implements Mercure\HubInterface
  private readonly ?string $url
  private readonly ?Mercure\Jwt\TokenProviderInterface $jwtProvider
  private readonly ?Mercure\Jwt\TokenFactoryInterface $jwtFactory
  private readonly ?string $publicUrl
  public __construct(?string $url = null, ?Mercure\Jwt\TokenProviderInterface $jwtProvider = null, ?Mercure\Jwt\TokenFactoryInterface $jwtFactory = null, ?string $publicUrl = null)
  public getUrl(): string
  public getPublicUrl(): string
  public getProvider(): ?Mercure\Jwt\TokenProviderInterface
  public getFactory(): ?Mercure\Jwt\TokenFactoryInterface
  public publish(Mercure\Update $update): string
interface Mercure\PublisherInterface
  abstract public __invoke(Mercure\Update $update): string
final class Mercure\Publisher
  implements Mercure\PublisherInterface
  private readonly ?Mercure\HubInterface $hub
  public __construct(?Mercure\HubInterface $hub = null)
  public __invoke(Mercure\Update $update): string
bool(true)
bool(false)
bool(false)
