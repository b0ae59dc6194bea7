<?php
namespace TicketMetadata\Test;

/** The client's methods, asked of the real service. */
final class ServiceTest extends PluginTestCase {

	public function testAWriteIsKeptAndRead(): void {
		$client  = $this->serviceClient();
		$id      = self::newId();
		$created = $client->create( $id, [ 'customer_id' => 5, 'subject' => "Größe 🛒 \"/\"\n", 'custom_fields' => [ 'vip' => true, 'score' => 0.1 ] ] );
		self::assertSame( [ 201, '', true ], [ $created->status, $created->code, $created->isStored() ] );

		$changed = $client->update( $id, [ 'status' => 'closed', 'assigned_to' => 9 ] );
		self::assertSame( [ 200, true ], [ $changed->status, $changed->isStored() ] );

		$read = $client->get( $id );
		self::assertSame( [ $id, 5, "Größe 🛒 \"/\"\n", 'closed', 9 ], [ $read->body['ticket_id'], $read->body['customer_id'], $read->body['subject'], $read->body['status'], $read->body['assigned_to'] ] );
		self::assertSame( true, $read->body['custom_fields']['vip'] );
		self::assertSame( 0.1, $read->body['custom_fields']['score'] );
		self::assertIsInt( $read->body['version'] );
		self::assertSame( '"' . $read->body['version'] . '"', $read->headers['etag'] );
	}

	public function testEmptyCustomFieldsAreAnObject(): void {
		$answer = $this->serviceClient()->create( self::newId(), [ 'customer_id' => 5, 'custom_fields' => [] ] );
		self::assertSame( 201, $answer->status, $answer->detail() );
	}

	public function testARefusalNamesTheField(): void {
		$answer = $this->serviceClient()->create( self::newId(), [ 'customer_id' => 'five' ] );
		self::assertSame( [ 400, 'validation_failed', false, false ], [ $answer->status, $answer->code, $answer->isStored(), $answer->isRetriable() ] );
		self::assertStringContainsString( 'customer_id', $answer->detail() );
		self::assertNotSame( '', $answer->requestId() );
	}

	public function testABatchHasAResultForEach(): void {
		$client  = $this->serviceClient();
		[ $a, $b ] = [ self::newId(), self::newId() ];
		$all     = $client->batch( [ [ 'op' => 'create', 'ticket_id' => $a, 'customer_id' => 1, 'custom_fields' => [] ], [ 'op' => 'update', 'ticket_id' => $a, 'status' => 'pending' ] ] );
		self::assertSame( [ 200, [ 201, 200 ], true ], [ $all->status, array_column( $all->body['results'], 'status' ), $all->isStored() ] );

		$some = $client->batch( [ 5 => [ 'op' => 'update', 'ticket_id' => $a, 'status' => 'open' ], 9 => [ 'op' => 'update', 'ticket_id' => $b, 'status' => 'open' ] ] );
		self::assertSame( [ 207, '', false ], [ $some->status, $some->code, $some->isStored() ] );
		self::assertSame( 'ticket_not_found', $some->body['results'][1]['error']['code'] );
	}

	public function testAListNamesWhatIsMissing(): void {
		$client = $this->serviceClient();
		[ $a, $b ] = [ self::newId(), self::newId() ];
		$client->create( $a, [ 'customer_id' => 1 ] );
		$answer = $client->list( [ $a, $b ] );
		self::assertSame( [ [ $a ], [ $b ] ], [ array_column( $answer->body['tickets'], 'ticket_id' ), $answer->body['missing'] ] );
	}

	public function testAFlushPushesTheNamedOnesAndTellsTheRest(): void {
		$client = $this->serviceClient();
		$id     = self::newId();
		$client->create( $id, [ 'customer_id' => 1 ] );
		$named = $client->flush( [ 3 => $id ] );
		self::assertSame( [ 200, 'synced' ], [ $named->status, $named->body['results'][0]['state'] ] );
		self::assertArrayHasKey( 'remaining', $client->flush()->body );
	}

	public function testHealthIsTold(): void {
		$answer = $this->serviceClient()->health();
		self::assertSame( [ 200, 'ready' ], [ $answer->status, $answer->body['status'] ] );
	}

	public function testTheKeyIsSentAndItsLackIsNoFailureOfTheService(): void {
		$without = $this->clientBy( null, [ 'url' => getenv( 'SERVICE_URL' ) ] );
		$answer  = $without->get( 1 );
		self::assertSame( [ 401, 'unauthorized', false ], [ $answer->status, $answer->code, $answer->isUnavailable() ] );
		$reader = $this->clientBy( null, [ 'url' => getenv( 'SERVICE_URL' ), 'key' => getenv( 'SERVICE_READ_KEY' ) ] );
		self::assertSame( 'forbidden', $reader->update( 1, [ 'status' => 'open' ] )->code );
	}

	public function testTheSameKeyMakesAChangeOnce(): void {
		$client = $this->serviceClient();
		$id     = self::newId();
		$key    = bin2hex( random_bytes( 8 ) );
		$first  = $client->create( $id, [ 'customer_id' => 1 ], $key );
		$again  = $client->create( $id, [ 'customer_id' => 1 ], $key );
		self::assertSame( [ 201, $first->body['version'] ], [ $again->status, $again->body['version'] ] );
		self::assertSame( 'true', $again->headers['idempotency-replayed'] );
		self::assertSame( 'ticket_exists', $client->create( $id, [ 'customer_id' => 1 ] )->code, 'a key of its own for each request' );
	}

	public function testWhatTheJournalKeepsIsStored(): void {
		$client = $this->serviceClient();
		$id     = self::newId();
		FaultyServer::order( 'redis-unavailable' );
		try {
			$answer = $client->create( $id, [ 'customer_id' => 1 ] );
			self::assertSame( [ 202, true, '' ], [ $answer->status, $answer->isStored(), $answer->code ], $answer->detail() );
			self::assertTrue( $answer->body['journaled'] );
			$this->configure( [ 'url' => getenv( 'SERVICE_URL' ), 'key' => getenv( 'SERVICE_KEY' ), 'timeout_ms' => 20000 ] );
			self::assertTrue( ticket_metadata_update_field( $id, 'priority', 'high' ) );
			self::assertTrue( ticket_metadata_write( self::newId(), [ 'customer_id' => 2 ] ) );
		} finally {
			FaultyServer::order( 'redis-back' );
		}
		self::assertSame( 'high', $client->get( $id )->body['priority'] );
	}
}
