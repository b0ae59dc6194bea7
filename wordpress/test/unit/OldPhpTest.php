<?php
namespace TicketMetadata\Test;

use PhpParser\Node;
use PhpParser\NodeFinder;
use PhpParser\ParserFactory;
use PHPUnit\Framework\TestCase;

/** The plugin promises PHP 7.4, and is tested by a newer one, which would not notice what that does not know. */
final class OldPhpTest extends TestCase {

	private const NEW_NODES = [
		Node\UnionType::class, Node\IntersectionType::class, Node\Expr\Match_::class, Node\Stmt\Enum_::class, Node\Expr\Throw_::class,
		Node\Expr\NullsafeMethodCall::class, Node\Expr\NullsafePropertyFetch::class, Node\AttributeGroup::class, Node\VariadicPlaceholder::class,
	];

	private const NEW_TYPES = [ 'mixed', 'static', 'never', 'null', 'false', 'true' ];

	private const NEW_FUNCTIONS = [
		'str_contains', 'str_starts_with', 'str_ends_with', 'array_is_list', 'get_debug_type', 'fdiv', 'get_resource_id',
		'preg_last_error_msg', 'enum_exists', 'json_validate', 'array_find', 'array_any', 'array_all', 'mb_trim',
	];

	/** Allowed from PHP 8.0 on: a comma after the last parameter, which the parser does not keep. */
	private const COMMA_AFTER_PARAMETERS = '/function\b[^(]*\([^()]*,\s*\)/';

	public static function setUpBeforeClass(): void {
		// It comes with Debian's PHPUnit.
		if ( stream_resolve_include_path( 'PhpParser/autoload.php' ) === false ) {
			self::markTestSkipped( 'PhpParser is not on the include path (Debian: php-parser).' );
		}
		require_once 'PhpParser/autoload.php';
	}

	/** @return string[] what PHP 7.4 does not know */
	private static function novelties( string $code ): array {
		$tree  = ( new ParserFactory() )->create( ParserFactory::ONLY_PHP7 )->parse( $code );
		$nodes = ( new NodeFinder() )->find( $tree, [ self::class, 'isNew' ] );
		$found = array_map(
			static function ( Node $node ): string {
				return 'line ' . $node->getStartLine() . ': ' . $node->getType();
			},
			$nodes
		);
		return preg_match( self::COMMA_AFTER_PARAMETERS, $code ) === 1 ? array_merge( $found, [ 'a comma after the last parameter' ] ) : $found;
	}

	public static function isNew( Node $node ): bool {
		$type = $node->type ?? $node->returnType ?? null;
		$type = $type instanceof Node\NullableType ? $type->type : $type;
		return in_array( get_class( $node ), self::NEW_NODES, true )
			|| ( ( $type instanceof Node\Identifier || $type instanceof Node\Name ) && in_array( $type->toLowerString(), self::NEW_TYPES, true ) )
			|| ( $node instanceof Node\Param && $node->flags !== 0 )
			|| ( $node instanceof Node\Param && $node->default instanceof Node\Expr\New_ )
			|| ( $node instanceof Node\Arg && $node->name !== null )
			|| ( $node instanceof Node\Stmt\Catch_ && $node->var === null )
			|| ( $node instanceof Node\Expr\ClassConstFetch && $node->class instanceof Node\Expr )
			|| ( ( $node instanceof Node\Stmt\Property || $node instanceof Node\Stmt\Class_ ) && $node->isReadonly() )
			|| ( $node instanceof Node\Expr\FuncCall && $node->name instanceof Node\Name && in_array( $node->name->toLowerString(), self::NEW_FUNCTIONS, true ) );
	}

	/** @return iterable<string, array{string}> */
	public function files(): iterable {
		$plugin = dirname( __DIR__, 2 ) . '/ticket-metadata';
		foreach ( new \RecursiveIteratorIterator( new \RecursiveDirectoryIterator( $plugin, \FilesystemIterator::SKIP_DOTS ) ) as $file ) {
			if ( $file->getExtension() === 'php' ) {
				yield substr( $file->getPathname(), strlen( $plugin ) + 1 ) => [ $file->getPathname() ];
			}
		}
	}

	/** @dataProvider files */
	public function testAFileIsWrittenForPhp74( string $path ): void {
		self::assertSame( [], self::novelties( file_get_contents( $path ) ) );
	}

	/** @return array<string, array{string}> */
	public function newer(): array {
		$samples = [
			'function f(int|string $a) {}', 'class C { public int|null $a; }', 'function f(): static {}', 'function f(mixed $a) {}', 'function f(): ?false {}',
			'$a = match(1) { 1 => 2 };', 'enum E {}', '$a = $b ?? throw $c;', '$a?->b();', '$a?->b;', '#[A] class C {}', '$a = strlen(...);',
			'class C { function __construct(private int $a) {} }', 'function f($a = new B) {}', 'f(a: 1);', 'try {} catch (E) {}', '$a::class;',
			'class C { public readonly int $a; }', 'readonly class C {}', 'str_contains($a, $b);', "function f(\n\$a,\n) {}",
		];
		return array_map(
			static function ( string $code ): array {
				return [ "<?php $code" ];
			},
			array_combine( $samples, $samples )
		);
	}

	/** @dataProvider newer */
	public function testWhatIsNewerIsFound( string $code ): void {
		self::assertNotSame( [], self::novelties( $code ) );
	}

	public function testWhatPhp74KnowsIsNot(): void {
		$code = 'final class C { private ?int $a = null; function f(callable $b, ?self ...$c): ?object { try { throw new E; } catch (A | B $e) { $this->a ??= 1; } return static function () use ($b): void {}; } }';
		self::assertSame( [], self::novelties( "<?php $code" ) );
	}
}
